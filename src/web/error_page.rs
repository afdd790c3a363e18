//! How an error is written: as a page, JSON or plain text, whatever the visitor accepts. One place for all,
//! where the request is at hand.

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CACHE_CONTROL, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;

use crate::web::accept::Form;
use crate::web::access::Route;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::secrets::asking;
use crate::web::story::{Story, of_status};

/// What a program is told that lacks a snippet's password.
const BASIC: &str = "Basic realm=\"snippet\", charset=\"UTF-8\"";

/// Where a page's form sends a whole program.
const FORMS: [&str; 3] = ["/{key}/run", "/{key}/save", "/{key}/files"];

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: Page,
    status: u16,
    heading: &'a str,
    message: &'a str,
    /// The form of a program was sent, and its text is not on this page.
    has_text: bool,
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
    let story = match error.inspect(|error| error.log()) {
        Some(error) if response.request().method().is_safe() => error.story().of_reading(),
        Some(error) => error.story(),
        None if status == StatusCode::METHOD_NOT_ALLOWED => {
            wrong_method(response.request().method(), response.headers().get(ALLOW))
        }
        None => of_status(status),
    };
    let is_page = Form::wanted(response.request().headers()) == Form::Page;
    let asked = error.filter(|_| is_page).and_then(|error| asking::page(error, response.request()));
    story.answer(response, asked.and_then(Result::ok))
}

/// What can be done at the address instead, where the table of addresses says so.
fn wrong_method(asked: &Method, allowed: Option<&HeaderValue>) -> Story {
    let mut methods: Vec<&str> = Vec::new();
    for method in allowed.and_then(|allowed| allowed.to_str().ok()).unwrap_or_default().split(", ") {
        // Named once for each kind of answer.
        if !method.is_empty() && !methods.contains(&method) {
            methods.push(method);
        }
    }
    let instead = match methods.split_last() {
        Some((only, [])) => format!("; it takes {only}"),
        Some((last, others)) => format!("; it takes {} and {last}", others.join(", ")),
        None => String::new(),
    };
    let message = format!("This address does not take {asked}{instead}.");
    Story { message, ..of_status(StatusCode::METHOD_NOT_ALLOWED) }
}

fn has_body(body: &impl MessageBody) -> bool {
    !matches!(body.size(), BodySize::None | BodySize::Sized(0))
}

impl Story {
    /// With a page in the place of the error's own, if there is one.
    fn answer<B>(
        self,
        response: ServiceResponse<B>,
        asked: Option<String>,
    ) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
        let (request, old) = response.into_parts();
        let mut fresh = self.response(&request, asked);
        for (name, value) in old.headers() {
            if name == ALLOW {
                fresh.headers_mut().insert(name.clone(), value.clone());
            }
        }
        Ok(ServiceResponse::new(request, fresh))
    }

    fn response(&self, request: &HttpRequest, asked: Option<String>) -> HttpResponse {
        let mut builder = HttpResponse::build(self.status);
        builder.insert_header((CACHE_CONTROL, "no-store"));
        if matches!(self.status.as_u16(), 429 | 503) {
            builder.insert_header((RETRY_AFTER, self.retry_seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // Never one that a browser would answer with a window of its own.
            let is_page = Form::wanted(request.headers()) == Form::Page;
            let scheme =
                if self.code.ends_with("password") || self.code.starts_with("password") { BASIC } else { "Bearer" };
            builder.insert_header((WWW_AUTHENTICATE, if is_page { "Bearer" } else { scheme }));
        }
        if let Some(html) = asked {
            return builder
                .content_type("text/html; charset=utf-8")
                .insert_header(("x-robots-tag", "noindex"))
                .body(html);
        }
        match Form::wanted(request.headers()) {
            Form::Page => {
                let heading = heading(self.status);
                let page = Page::of(request);
                let (status, message) = (self.status.as_u16(), self.message.as_str());
                let has_text = FORMS.iter().any(|form| Route::is(&request.extensions(), form));
                let html = ErrorPage { page, status, heading, message, has_text }.render();
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
        410 => "Gone",
        413 => "Too large",
        422 => "This cannot run",
        429 => "Not so fast",
        503 | 507 => "Not now",
        400..=499 => "Not understood",
        _ => "Something broke",
    }
}
