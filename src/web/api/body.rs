//! A request's body, read whole or by fields, never further than its limit.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use crate::program::{MAX_PATH_BYTES, ProgramLimits};
use crate::web::error::WebError;
use crate::web::excess::Excess;

/// What the borders and heads of a form's fields may take beside their contents.
const FORM_OVERHEAD_BYTES: usize = 64 * 1024;
/// Fields of a page's form that are no file's.
const MAX_WORDS: usize = 32;
/// Fields of each file: its path, its original, its content, and whether it goes.
const FIELDS_PER_FILE: usize = 4;
/// By how much the room for a body grows at once.
const STEP_BYTES: usize = 64 * 1024;

/// One field of a form.
pub(in crate::web) struct FormField {
    pub(in crate::web) name: String,
    /// Present for a file.
    pub(in crate::web) file_name: Option<String>,
    pub(in crate::web) bytes: Bytes,
}

/// A body as it comes in.
pub(in crate::web) trait Body: Stream<Item = Result<Bytes, PayloadError>> + Unpin {}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Body for S {}

/// How much is read, and what is told of more.
#[derive(Clone, Copy)]
pub(in crate::web) struct Room {
    pub(in crate::web) bytes: usize,
    pub(in crate::web) excess: Excess,
}

/// Reads the whole body. One that states more than there is room for is refused before a byte of it is read.
pub(in crate::web) async fn read(request: &HttpRequest, payload: impl Body, room: Room) -> Result<Bytes, WebError> {
    check_stated(request, room)?;
    gather(payload, room).await
}

/// Whether there is a body at all, be it an empty one.
pub(super) fn is_there(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Whether the body is a form as `curl -F` sends it.
pub(in crate::web) fn is_form(request: &HttpRequest) -> bool {
    says_type(request, "multipart/form-data")
}

/// Whether the body is a form as `curl -d` sends it, and a page without files.
pub(in crate::web) fn is_urlencoded(request: &HttpRequest) -> bool {
    says_type(request, "application/x-www-form-urlencoded")
}

fn says_type(request: &HttpRequest, name: &str) -> bool {
    let stated = request.headers().get(CONTENT_TYPE).and_then(|stated| stated.to_str().ok()).unwrap_or_default();
    stated.to_ascii_lowercase().starts_with(name)
}

/// How much of a form is read.
#[derive(Clone, Copy)]
pub(in crate::web) struct FormRoom {
    /// All fields together.
    pub(in crate::web) all: Room,
    /// Files among them: what is more is not read to its end.
    pub(in crate::web) files: Room,
    /// Their number, and that of files: these never take the place of what was typed.
    pub(in crate::web) fields: usize,
    pub(in crate::web) files_number: usize,
    /// What is told of more fields.
    pub(in crate::web) many: Excess,
    /// What names and values of an urlencoded form may come to once they are decoded.
    pub(in crate::web) held_bytes: usize,
}

impl FormRoom {
    /// Of a form that belongs to a program with these limits: so many bytes, so many of them in files.
    pub(in crate::web) fn of_program(limits: ProgramLimits, (all, files): (usize, usize), fields: usize) -> Self {
        let all = Room { bytes: all, excess: Excess::Program(limits) };
        let files = Room { bytes: files, excess: Excess::Source(limits) };
        Self { all, files, fields, files_number: fields, many: Excess::Files(limits), held_bytes: all.bytes }
    }

    /// Of a page's form with a program in it, as it is sent: so many bytes, most of which are escapes. A line end comes as
    /// two signs, and files that a text field would change come twice.
    pub(in crate::web) fn of_page(limits: ProgramLimits, bytes: usize) -> Self {
        let fields = limits.files * FIELDS_PER_FILE + MAX_WORDS;
        let files = limits.source_bytes.saturating_mul(4).saturating_add(limits.files.saturating_mul(MAX_PATH_BYTES));
        let others = limits.stdin_bytes.saturating_add(limits.argument_bytes).saturating_mul(2);
        let held_bytes = files.saturating_add(others).saturating_add(FORM_OVERHEAD_BYTES);
        Self { held_bytes, ..Self::of_program(limits, (bytes, limits.source_bytes), fields) }
    }

    /// The same where nothing is escaped, as in multipart.
    pub(in crate::web) fn unescaped(self) -> Self {
        Self { all: Room { bytes: self.held_bytes, ..self.all }, ..self }
    }

    /// Of a form of a few words.
    pub(in crate::web) fn of_words(bytes: usize) -> Self {
        let all = Room { bytes, excess: Excess::Body };
        Self { all, files: all, fields: MAX_WORDS, files_number: MAX_WORDS, many: Excess::Body, held_bytes: bytes }
    }
}

/// Reads a form's fields. One that states more than there is room for is refused before a byte of it is read.
pub(in crate::web) async fn read_form(
    request: &HttpRequest,
    payload: impl Body + 'static,
    room: FormRoom,
) -> Result<Vec<FormField>, WebError> {
    check_stated(request, Room { bytes: room.all.bytes + FORM_OVERHEAD_BYTES, ..room.all })?;
    let mut parts = Parts::new(request, payload, room);
    let mut fields = Vec::new();
    while let Some(part) = parts.next().await? {
        match part {
            Part::Fits(field) => fields.push(field),
            Part::Exceeds { excess, .. } => return Err(WebError::TooLarge(excess)),
        }
    }
    Ok(fields)
}

/// What of a form there was room for, and what is told of files that there was none for.
pub(in crate::web) struct Fitting {
    pub(in crate::web) fields: Vec<FormField>,
    pub(in crate::web) excess: Option<Excess>,
}

/// Reads a form to its end, whatever it states: a browser that is answered before it has sent everything shows no answer,
/// and what was typed would be lost for a file that is too large. Files without room are passed over, and nothing of them
/// is in memory.
pub(in crate::web) async fn read_what_fits(
    request: &HttpRequest,
    payload: impl Body + 'static,
    room: FormRoom,
) -> Result<Fitting, WebError> {
    let mut parts = Parts::new(request, payload, room);
    let mut fitting = Fitting { fields: Vec::new(), excess: None };
    let mut text_excess = None;
    while let Some(part) = parts.next().await? {
        match part {
            Part::Fits(field) => fitting.fields.push(field),
            Part::Exceeds { excess, is_file: true } => fitting.excess = Some(excess),
            Part::Exceeds { excess, is_file: false } => text_excess = Some(excess),
        }
    }
    text_excess.map_or(Ok(fitting), |excess| Err(WebError::TooLarge(excess)))
}

/// One field of a form, as far as there is room for it.
enum Part {
    Fits(FormField),
    Exceeds { excess: Excess, is_file: bool },
}

/// A form that comes in, and the room that is left for it.
struct Parts {
    form: Multipart,
    room: FormRoom,
}

impl Parts {
    fn new(request: &HttpRequest, payload: impl Body + 'static, room: FormRoom) -> Self {
        Self { form: Multipart::new(request.headers(), payload), room }
    }

    /// The next field. What is left of one that exceeds its room is passed over when this is asked again.
    async fn next(&mut self) -> Result<Option<Part>, WebError> {
        let Some(field) = self.form.next().await else {
            return Ok(None);
        };
        let (field, room) = (field?, &mut self.room);
        let is_file = is_source(&field);
        let left = if is_file { &mut room.files_number } else { &mut room.fields };
        if *left == 0 {
            return Ok(Some(Part::Exceeds { excess: room.many, is_file }));
        }
        *left -= 1;
        let own = if is_file && room.files.bytes < room.all.bytes { room.files } else { room.all };
        match read_field(field, own).await {
            Ok(field) => {
                room.all.bytes -= field.bytes.len();
                room.files.bytes = room.files.bytes.saturating_sub(if is_file { field.bytes.len() } else { 0 });
                Ok(Some(Part::Fits(field)))
            }
            Err(WebError::TooLarge(excess)) => Ok(Some(Part::Exceeds { excess, is_file })),
            Err(error) => Err(error),
        }
    }
}

/// Whether a field holds a part of the code.
fn is_source(field: &Field) -> bool {
    let name = field.name().unwrap_or_default();
    let has_file_name = field.content_disposition().is_some_and(|stated| stated.get_filename().is_some());
    name == "file" || has_file_name && name != "stdin"
}

async fn read_field(field: Field, room: Room) -> Result<FormField, WebError> {
    let name = field.name().unwrap_or_default().to_owned();
    let file_name = field.content_disposition().and_then(|stated| stated.get_filename()).map(str::to_owned);
    let bytes = gather(field, room).await?;
    Ok(FormField { name, file_name, bytes })
}

/// Bytes as text, if they are; `what` names them at the beginning of a sentence.
pub(in crate::web) fn text(bytes: Bytes, what: &'static str) -> Result<String, WebError> {
    String::from_utf8(bytes.into()).map_err(|_| WebError::NotText(what))
}

pub(in crate::web) fn check_stated(request: &HttpRequest, room: Room) -> Result<(), WebError> {
    let stated = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    match stated.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > room.bytes => Err(WebError::TooLarge(room.excess)),
        _ => Ok(()),
    }
}

async fn gather<E>(mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin, room: Room) -> Result<Bytes, WebError>
where
    WebError: From<E>,
{
    let mut gathered = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if gathered.len() + chunk.len() > room.bytes {
            return Err(WebError::TooLarge(room.excess));
        }
        make_room(&mut gathered, chunk.len(), room.bytes);
        gathered.extend_from_slice(&chunk);
    }
    Ok(gathered.into())
}

/// Makes room for the first part, which is most often all, and then in steps: by doubling, which is the usual way, bodies
/// that come in at once took twice what is let in.
pub(in crate::web) fn make_room(gathered: &mut Vec<u8>, more: usize, most: usize) {
    let needed = gathered.len() + more;
    if needed > gathered.capacity() {
        let step = if gathered.is_empty() { 0 } else { STEP_BYTES };
        let capacity = (gathered.capacity() + step).min(most).max(needed);
        gathered.reserve_exact(capacity - gathered.len());
    }
}

impl From<MultipartError> for WebError {
    fn from(error: MultipartError) -> Self {
        match error {
            MultipartError::Payload(error @ (PayloadError::Overflow | PayloadError::Io(_))) => error.into(),
            _ => Self::Malformed("This form cannot be understood."),
        }
    }
}
