//! `/.portcullis/`: who you are here, set up, sign out.

use super::respond;
use crate::gate::Who;
use crate::types::{ReturnTo, UserName};
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
    pub(in crate::web) name: &'a UserName,
    pub(in crate::web) enrolled: bool,
    pub(in crate::web) may_enrol: bool,
    pub(in crate::web) form_token: &'a str,
}

pub(in crate::web) async fn show(visit: Visit) -> Response {
    respond(page(&visit).await.map(Ok))
}

async fn page(visit: &Visit) -> Result<Response, Failed> {
    let frame = visit.frame();
    Ok(match visit.gate().who(&visit.inbound).await? {
        Who::Nobody => frame.go(&frame.own("sign-in")),
        Who::Pending { .. } => frame.go(&visit.own_to("challenge", &ReturnTo::root())),
        Who::Session { name, enrolled, may_enrol, form_token } => frame
            .page(StatusCode::OK, &View { frame: &frame, name: &name, enrolled, may_enrol, form_token: &form_token }),
    })
}
