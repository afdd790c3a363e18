//! How an error is written: as a page, JSON or plain text, whatever the visitor accepts. One place for all,
//! where the request is at hand.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;

use crate::web::accept::Form;
use crate::web::assets::Page;
use crate::web::error::{Story, WebError, of_status};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: Page,
    status: u16,
    heading: &'a str,
    message: &'a str,
}

/// Middleware: writes the body of every answer that is an error, in the form that the visitor accepts.
pub(super) async fn render(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    // A page that a handler wrote itself is kept; an error's own text would have the error attached.
    let written = response.response().error().is_none() && has_body(response.response().body());
    if !failed || written {
        return Ok(response.map_into_boxed_body());
    }
    let error = response.response().error().and_then(|error| error.as_error::<WebError>());
    error.inspect(|error| error.log()).map_or_else(|| of_status(status), WebError::story).answer(response)
}

fn has_body(body: &impl MessageBody) -> bool {
    !matches!(body.size(), BodySize::None | BodySize::Sized(0))
}

impl Story {
    fn answer<B>(self, response: ServiceResponse<B>) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
        let (request, old) = response.into_parts();
        let mut fresh = self.response(&request);
        for (name, value) in old.headers() {
            if name == ALLOW {
                fresh.headers_mut().insert(name.clone(), value.clone());
            }
        }
        Ok(ServiceResponse::new(request, fresh))
    }

    fn response(&self, request: &HttpRequest) -> HttpResponse {
        let mut builder = HttpResponse::build(self.status);
        builder.insert_header((CACHE_CONTROL, "no-store"));
        if matches!(self.status.as_u16(), 429 | 503) {
            builder.insert_header((RETRY_AFTER, self.retry_seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            builder.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        match Form::wanted(request.headers()) {
            Form::Page => {
                let heading = heading(self.status);
                let page = Page::of(&request.extensions());
                let html = ErrorPage { page, status: self.status.as_u16(), heading, message: &self.message }.render();
                builder.content_type("text/html; charset=utf-8").body(html.unwrap_or_else(|_| heading.to_owned()))
            }
            Form::Json => builder.json(serde_json::json!({ "code": self.code, "message": self.message })),
            Form::Text => builder.content_type("text/plain; charset=utf-8").body(format!("{}\n", self.message)),
        }
    }
}

fn heading(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "Refused",
        404 => "Nothing here",
        413 => "Too large",
        422 => "This cannot run",
        429 => "Not so fast",
        503 | 507 => "Not now",
        400..=499 => "Not understood",
        _ => "Something broke",
    }
}
