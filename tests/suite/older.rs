//! What an older version stored is brought to the form of today by the next start.

use crate::own_redis::{Redis, pages, shell};

/// Takes revisions and summaries out of a snippet, as an older version stored them beside it.
const UNFOLD: &str = r"
for _, name in ipairs({'revision', 'summary'}) do
  for number = 1, 2 do
    local field = name .. ':' .. number
    local value = redis.call('HGET', KEYS[1], field)
    if name == 'revision' then redis.call('HSET', KEYS[1] .. ':revisions', number, value) end
    if name == 'summary' then redis.call('RPUSH', KEYS[1] .. ':history', number .. ' ' .. value) end
    redis.call('HDEL', KEYS[1], field)
  end
end
redis.call('HSET', KEYS[1], 'digest', redis.call('HGET', KEYS[1], 'content_id'))
redis.call('HDEL', KEYS[1], 'content_id')
return 1";

#[tokio::test]
async fn snippets_whose_revisions_stood_beside_them_lose_none() {
    let redis = Redis::start().await;
    let mut server = pages(&redis.url());
    let tools = shell(&server);
    let password = "X-Snippet-Password: sesame";
    let (open, closed) = (
        tools.curl(&["-T", "a.sh", "HOST/?expires=1d"]),
        tools.curl(&["-F", "file=@a.sh", "-F", "password=sesame", "HOST/"]),
    );
    for kept in [&open, &closed] {
        let words = ["-X", "PUT", "-d", "echo 2", "-H", &kept.bearer(), "-H", password, kept.body.trim()];
        assert_eq!(tools.curl(&words).status, 200);
        redis.ask(&["EVAL", UNFOLD, "1", &format!("{{snippet:{}}}", kept.key())]).await.unwrap();
    }
    redis.ask(&["DEL", "snippets:folded"]).await.unwrap();
    assert!(server.terminate().success());
    let server = pages(&redis.url());
    let tools = shell(&server);
    for kept in [&open, &closed] {
        let read = |way: &str| tools.curl(&["-H", password, &format!("HOST/{}{way}", kept.key())]);
        assert_eq!((read("").body, read("/1").body), ("echo 2".to_owned(), "echo 1".to_owned()));
        assert_eq!(read("/revisions").body.lines().count(), 2);
        let name = format!("{{snippet:{}}}", kept.key());
        let left = redis.ask(&["EXISTS", &format!("{name}:revisions"), &format!("{name}:history")]).await.unwrap();
        assert_eq!(left, redis::Value::Int(0));
    }
    assert_eq!(tools.curl(&[&format!("HOST/{}", closed.key())]).status, 401);
}
