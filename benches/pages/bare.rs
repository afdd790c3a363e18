//! The ceiling: actix-web and one Redis command, on the same client library and the same kind of connection as the
//! server's own. No page, no check, no header.

use std::io::Write;

use actix_web::web::{Bytes, Data, Path};
use actix_web::{App, HttpResponse, HttpServer, web};
use redis::AsyncCommands;
use redis::aio::ConnectionManager;

/// First argument of the process.
pub const HELPER: &str = "bare-helper";

/// Serves until it is killed.
#[actix_web::main]
pub async fn serve(redis: &str) -> std::io::Result<()> {
    let commands = redis::Client::open(redis).unwrap().get_connection_manager().await.unwrap();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(commands.clone()))
            .route("/", web::post().to(create))
            .route("/{key}", web::get().to(view))
    });
    let server = server.bind("127.0.0.1:0")?;
    tell(server.addrs()[0].port());
    server.run().await
}

/// Says where it listens.
pub fn tell(port: u16) {
    println!("127.0.0.1:{port}");
    std::io::stdout().flush().unwrap();
}

async fn view(commands: Data<ConnectionManager>, key: Path<String>) -> HttpResponse {
    let mut commands = commands.as_ref().clone();
    let text: Vec<u8> = commands.get(format!("bare:{key}")).await.unwrap();
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text)
}

async fn create(commands: Data<ConnectionManager>, body: Bytes) -> HttpResponse {
    let mut commands = commands.as_ref().clone();
    let key = nanoid::nanoid!(12);
    let () = commands.set(format!("bare:{key}"), body.as_ref()).await.unwrap();
    HttpResponse::Created().body(format!("/{key}\n"))
}
