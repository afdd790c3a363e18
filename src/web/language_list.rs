//! The languages to choose from, as the pages' script reads them: one file for all pages, under an address with its
//! hash, so that a browser asks for it once.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Path};
use bytes::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::languages::{Language, Languages};
use crate::web::state::State;

/// Bytes of the hash that stand in the address.
const HASH_BYTES: usize = 8;

/// What the script knows of one language.
#[derive(Serialize)]
pub(super) struct LanguageData<'a> {
    id: &'a str,
    name: &'a str,
    main: &'a str,
    editor: &'a str,
    /// Where a program may start from it: not on the page of one that is saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    hello: Option<&'a str>,
}

impl<'a> LanguageData<'a> {
    /// Without its hello.
    pub(super) fn of_saved(language: &'a Language) -> Self {
        Self { hello: None, ..Self::of(language) }
    }

    pub(super) fn of(language: &'a Language) -> Self {
        Self {
            id: &language.id.0,
            name: &language.name,
            main: &language.main,
            editor: &language.editor,
            hello: Some(&language.hello),
        }
    }
}

/// The file.
pub(super) struct LanguageList {
    /// The path where it stands.
    pub(super) address: String,
    json: Bytes,
}

impl LanguageList {
    pub(super) fn of(languages: &Languages) -> Self {
        let all: Vec<LanguageData<'_>> = languages.all().iter().map(LanguageData::of).collect();
        let json = serde_json::to_vec(&all).expect("texts have a form in JSON");
        let hash = hex::encode(&Sha256::digest(&json)[..HASH_BYTES]);
        Self { address: format!("/languages/{hash}.json"), json: json.into() }
    }
}

/// `GET /languages/{hash}.json`. A page that another version of the server wrote gets today's list, and asks again.
pub(super) async fn show(state: Data<State>, hash: Path<String>) -> HttpResponse {
    let list = &state.language_list;
    let is_current = list.address == format!("/languages/{hash}.json");
    let cache = if is_current { "public, max-age=31536000, immutable" } else { "no-store" };
    HttpResponse::Ok().content_type("application/json").insert_header((CACHE_CONTROL, cache)).body(list.json.clone())
}
