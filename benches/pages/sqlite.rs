//! The baseline: the least pastebin there can be in Rust with an `SQLite` file. A connection for each worker, prepared
//! statements, a write-ahead log, one template; nothing that a real one has beside that would make it quicker.

use std::cell::RefCell;

use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpResponse, HttpServer, web};
use askama::Template;
use rusqlite::Connection;

use crate::bare::tell;

/// First argument of the process.
pub const HELPER: &str = "sqlite-helper";

#[derive(Template)]
#[template(
    source = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{{ key }}</title></head>\
              <body><h1>{{ key }}</h1><pre>{{ text }}</pre></body></html>",
    ext = "html"
)]
struct Page<'a> {
    key: &'a str,
    text: &'a str,
}

type Database = Data<RefCell<Connection>>;

/// Serves until it is killed.
#[actix_web::main]
pub async fn serve(file: &str) -> std::io::Result<()> {
    open(file)
        .execute_batch("CREATE TABLE IF NOT EXISTS pastes (key TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID")
        .unwrap();
    let file = file.to_owned();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(RefCell::new(open(&file))))
            .route("/", web::post().to(create))
            .route("/{key}", web::get().to(view))
    });
    let server = server.bind("127.0.0.1:0")?;
    tell(server.addrs()[0].port());
    server.run().await
}

fn open(file: &str) -> Connection {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    // As durable as the server's own storage, which writes to disk once a second.
    connection.pragma_update(None, "synchronous", "NORMAL").unwrap();
    connection
}

async fn view(database: Database, key: Path<String>) -> HttpResponse {
    let database = database.borrow();
    let mut statement = database.prepare_cached("SELECT text FROM pastes WHERE key = ?1").unwrap();
    let text: String = statement.query_row([key.as_str()], |row| row.get(0)).unwrap();
    let html = Page { key: &key, text: &text }.render().unwrap();
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html)
}

async fn create(database: Database, body: Bytes) -> HttpResponse {
    let key = nanoid::nanoid!(12);
    let text = std::str::from_utf8(&body).unwrap();
    let database = database.borrow();
    let mut statement = database.prepare_cached("INSERT INTO pastes (key, text) VALUES (?1, ?2)").unwrap();
    statement.execute([key.as_str(), text]).unwrap();
    HttpResponse::Created().body(format!("/{key}\n"))
}
