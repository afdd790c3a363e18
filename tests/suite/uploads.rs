//! Files that are dropped on the page or pasted into it.

use serde_json::{Value, json};

use crate::editing::{fresh, press, raw, tabs};
use crate::page::SnippetPage;

/// Offers files to the page as if they were dropped on the code.
async fn drop_files(page: &SnippetPage, files: Value) {
    let script = format!(
        "const data = new DataTransfer();
         for (const [name, bytes] of {files}) data.items.add(new File([new Uint8Array(bytes)], name));
         const target = document.querySelector('.cm-content');
         for (const type of ['dragover', 'drop'])
           target.dispatchEvent(new DragEvent(type, {{dataTransfer: data, bubbles: true, cancelable: true}}))"
    );
    page.browser.script(&script).await;
}

#[tokio::test]
async fn dropped_files_are_kept_to_the_byte() {
    let page = fresh().await;
    drop_files(
        &page,
        json!([["hello.rb", b"puts File.binread('a.bin').bytes.sum\n".to_vec()], ["a.bin", [0, 255, 254]]]),
    )
    .await;
    page.browser.until("they are there", "return document.querySelectorAll('#files [role=tab]').length === 2").await;
    assert_eq!(tabs(&page).await, "[hello.rb] a.bin");
    page.press_run().await;
    page.shows("509").await;
    assert_eq!(raw(&page, "a.bin").await.unwrap(), [0, 255, 254]);
    page.reload().await;
    press(&page, "#files button:nth-child(2)").await;
    assert!(page.code().await.starts_with("(binary, 3 bytes"), "{}", page.code().await);
    drop_files(&page, json!([["big.bin", vec![7; 300_000]]])).await;
    page.says("at most 256 KiB are kept").await;
    drop_files(&page, json!([["crlf.txt", b"a\r\nb\r\n".to_vec()]])).await;
    page.browser.until("it is there", "return document.querySelectorAll('#files [role=tab]').length === 3").await;
    press(&page, "#save").await;
    page.says("Saved").await;
    assert_eq!(raw(&page, "crlf.txt").await.unwrap(), b"a\r\nb\r\n");
}

/// Pastes what stands in the clipboard as JSON: a text, or a file's name and bytes.
async fn paste_from_clipboard(page: &SnippetPage, held: Value) {
    let code = format!(
        "const held = {held}, data = new DataTransfer();
        if (Array.isArray(held)) data.items.add(new File([Uint8Array.from(held[1])], held[0])); else data.setData('text/plain', held);
        const event = new ClipboardEvent('paste', {{clipboardData: data, bubbles: true, cancelable: true}});
        document.querySelector('.cm-content').dispatchEvent(event)"
    );
    page.browser.script(&code).await;
}

#[tokio::test]
async fn a_pasted_file_and_the_address_of_one_are_kept_to_the_byte() {
    let page = fresh().await;
    page.paste("print(1)\n").await;
    let count = |number: u32| format!("return document.querySelectorAll('#files [role=tab]').length === {number}");
    paste_from_clipboard(&page, json!(["image.png", [0x89, 0x50, 0, 255]])).await;
    page.browser.until("the picture is there", &count(2)).await;
    press(&page, "#files button:nth-child(1)").await;
    page.paste("print(1)\n").await;
    paste_from_clipboard(&page, json!("data:image/png;base64,iVAA/w==")).await;
    page.browser.until("the other one is there", &count(3)).await;
    press(&page, "#files button:nth-child(1)").await;
    page.paste("x = '").await;
    paste_from_clipboard(&page, json!("data:image/png;base64,iVAA/w==")).await;
    page.browser.until("it is text", "return document.querySelector('.cm-content').textContent.includes('iVAA')").await;
    press(&page, "#save").await;
    page.says("Saved").await;
    for path in ["image.png", "pasted.png"] {
        assert_eq!(raw(&page, path).await.unwrap(), [0x89, 0x50, 0, 255], "{path}");
    }
    assert_eq!(page.browser.script("return document.querySelectorAll('#files [role=tab]').length").await, json!(3));
}
