//! Files without a script: adding some to the page's form, and moving one up. Nothing is stored; the form comes back with
//! them, and Save or Run sends it.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::languages::Language;
use crate::program::Draft;
use crate::program::file::{FileContent, SourceFile};
use crate::snippets::key::SnippetKey;
use crate::web::api::body::{self, Fitting, FormField, FormRoom, Room};
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::excess::Excess;
use crate::web::form_fields::Fields;
use crate::web::network::Network;
use crate::web::posted;
use crate::web::run_form::{self, Sent};
use crate::web::snippet_page;
use crate::web::state::State;
use crate::web::view::View;
use crate::web::visitor::Visitor;

/// `POST /{key}/files`
pub(super) async fn arrange(
    request: HttpRequest,
    asked: (Data<State>, Visitor, Network),
    page: Page,
    key: Path<SnippetKey>,
    payload: Payload,
) -> Result<HttpResponse, WebError> {
    let limits = asked.0.settings.program_limits;
    let room = FormRoom::of_page(limits, asked.0.settings.message_bytes()).unescaped();
    let room = FormRoom { files: Room { excess: Excess::Chosen(limits), ..room.files }, ..room };
    let Fitting { fields, excess } = body::read_what_fits(&request, payload, room).await?;
    let (pairs, uploads) = sorted(fields)?;
    let mut fields = Fields::read(pairs)?;
    let has_moved = fields.move_up();
    let mut sent = Sent::new(asked, key.into_inner(), fields);
    let base = sent.base(&sent.key).await?;
    let language = sent.shown_language(base.as_ref()).ok_or(WebError::NotFound)?.clone();
    let number = uploads.len();
    let added = match excess {
        Some(excess) => Err(WebError::TooLarge(excess)),
        None => add(&mut sent, uploads, (base.as_ref(), &language)),
    };
    let refused = added.err().map(|error| error.story());
    let notice = match &refused {
        Some(story) => format!("{} No file was added; the rest is as it was.", story.message),
        None => told(has_moved, number),
    };
    let chosen = sent.fields.chosen();
    let view = View { notice: Some(notice), chosen, ..sent.view(sent.key.clone(), base, &language) };
    snippet_page::respond(&sent.state, page, &sent.visitor, view, refused.as_ref()).await
}

/// Adds the files that were chosen, unless what comes of it could not be saved. What the files have no part in is left to
/// Save.
fn add(sent: &mut Sent, files: Vec<SourceFile>, (base, language): (Option<&View>, &Language)) -> Result<(), WebError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut fields = sent.fields.clone();
    files.into_iter().for_each(|file| fields.add(file));
    let shown = fields.shown(run_form::files_of(base));
    let draft = Draft { language: language.id.0.clone(), stdin: None, ..shown };
    draft.parse(&sent.state.languages, &sent.state.settings.program_limits)?;
    sent.fields = fields;
    Ok(())
}

fn told(has_moved: bool, added: usize) -> String {
    match (has_moved, added) {
        (true, _) => "The file has moved up. Save or run to keep it so.".to_owned(),
        (false, 0) => "No file was chosen.".to_owned(),
        (false, 1) => "One file is added. Save or run to keep it.".to_owned(),
        (false, number) => format!("{number} files are added. Save or run to keep them."),
    }
}

type Sorted = (Vec<(String, String)>, Vec<SourceFile>);

/// The form's words, and the files that were chosen. A browser sends an empty one for none.
fn sorted(parts: Vec<FormField>) -> Result<Sorted, WebError> {
    let (mut pairs, mut uploads) = (Vec::new(), Vec::new());
    for FormField { name, file_name, bytes } in parts {
        match file_name {
            Some(path) if !path.is_empty() => {
                uploads.push(SourceFile { path, content: FileContent::from_bytes(bytes.to_vec()) });
            }
            Some(_) => {}
            None => pairs.push((name, posted::text(bytes)?)),
        }
    }
    Ok((pairs, uploads))
}
