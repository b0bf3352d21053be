//! Right after sign-in: has the browser kept the cookie? If not, a page says so; else there would be a loop.

use super::{message, respond};
use crate::gate::Who;
use crate::web::fault::Failed;
use crate::web::visit::Visit;
use axum::response::Response;

pub(in crate::web) async fn show(visit: Visit) -> Response {
    respond(page(&visit).await.map(Ok))
}

async fn page(visit: &Visit) -> Result<Response, Failed> {
    let (frame, to) = (visit.frame(), visit.to());
    Ok(match visit.gate().who(&visit.inbound).await? {
        Who::Session { .. } => frame.go(to.as_str()),
        Who::Pending { .. } => frame.go(&visit.own_to("challenge", &to)),
        Who::Nobody => message::not_kept(&frame, &to),
    })
}
