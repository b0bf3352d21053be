//! `/.portcullis/`: who you are here, how it stands with the second factor, and where each change is made.

use super::respond;
use crate::gate::flow::change::{LOW_STOCK, Overview, OwnPage};
use crate::types::ReturnTo;
use crate::web::fault::Failed;
use crate::web::frame::Frame;
use crate::web::visit::Visit;
use askama::Template;
use axum::response::Response;
use http::StatusCode;

#[derive(Template)]
#[template(path = "page/index.html")]
pub(in crate::web) struct View<'a> {
    pub(in crate::web) frame: &'a Frame<'a>,
    pub(in crate::web) name: &'a str,
    pub(in crate::web) it: &'a Overview,
    /// Where the person was going.
    pub(in crate::web) to: &'a ReturnTo,
    pub(in crate::web) form_token: &'a str,
}

impl View<'_> {
    fn is_low(&self) -> bool {
        self.it.left <= LOW_STOCK
    }
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    respond(page(&visit).await.map(Ok))
}

async fn page(visit: &Visit) -> Result<Response, Failed> {
    let (frame, to) = (visit.frame(), visit.to());
    Ok(match visit.gate().overview(&visit.inbound).await? {
        OwnPage::Nobody => frame.go(&frame.own("sign-in")),
        OwnPage::Pending => frame.go(&visit.own_to("challenge", &ReturnTo::root())),
        OwnPage::Show(it) => {
            let (name, form_token) = (it.name.as_str(), it.form_token.as_str());
            frame.page(StatusCode::OK, &View { frame: &frame, name, it: &it, to: &to, form_token })
        }
    })
}
