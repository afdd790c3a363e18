//! A whole snippet at once: as a ZIP archive, or as one text.

use std::io::{Cursor, Write};

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::{Data, Path};
use zip::ZipWriter;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;

use crate::program::file::SourceFile;
use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::headers::RAW_POLICY;
use crate::web::state::State;
use crate::web::visitor::Visitor;
use crate::web::{raw, view};

/// `GET /{key}.zip`: the files in a folder with the key's name.
pub(super) async fn zip(
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    let files = files(&state, &visitor, &key).await?;
    let mut response = as_zip(&key, &files)?;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// Files as an archive.
pub(super) fn as_zip(key: &SnippetKey, files: &[SourceFile]) -> Result<HttpResponse, WebError> {
    let bytes = pack(key.as_str(), files).map_err(|error| WebError::Archive(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{key}.zip\"")))
        .insert_header((CONTENT_SECURITY_POLICY, RAW_POLICY))
        .insert_header(("x-robots-tag", "noindex"))
        .body(bytes))
}

/// `GET /{key}.txt`: all files, each under its name when there are several.
pub(super) async fn text(
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    let files = files(&state, &visitor, &key).await?;
    Ok(as_text(&files))
}

/// Files as one text, or the only one as it is.
pub(super) fn as_text(files: &[SourceFile]) -> HttpResponse {
    if let [only] = files {
        return raw::file(only);
    }
    let parts = files.iter().map(|file| {
        let text = file.content.to_string();
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        format!("==> {} <==\n{text}{end}", file.path)
    });
    raw::text(parts.collect::<Vec<_>>().join("\n"))
}

async fn files(state: &State, visitor: &Visitor, key: &SnippetKey) -> Result<Vec<SourceFile>, WebError> {
    let view = view::load(state, visitor, key).await?.ok_or(WebError::NotFound)?;
    Ok(view.content.program.files)
}

/// Paths were checked when they were saved: relative, and none leads out of the folder.
fn pack(folder: &str, files: &[SourceFile]) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o644);
    for file in files {
        archive.start_file(format!("{folder}/{}", file.path), options)?;
        archive.write_all(file.content.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}
