//! A real browser: headless Chromium, driven over WebDriver, with a profile of its own.

use super::process::{Process, free_port, local};
use super::{GUARD, until};
use fantoccini::elements::Element;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process};
use std::process::Command;
use tempfile::TempDir;
use tokio::net::TcpStream;

pub struct Browser {
    page: Client,
    driver: Process,
    chromium: Option<Pid>,
    _dir: TempDir,
}

impl Browser {
    pub async fn open() -> Browser {
        Browser::open_with(serde_json::json!({})).await
    }
    /// One in which no page may run a script.
    pub async fn without_scripts() -> Browser {
        Browser::open_with(serde_json::json!({ "profile.managed_default_content_settings.javascript": 2 })).await
    }
    async fn open_with(settings: serde_json::Value) -> Browser {
        let dir = TempDir::new().unwrap();
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).env("HOME", dir.path());
        let driver = Process::start("chromedriver", &mut command, &dir.path().join("driver.log"));
        until("chromedriver", || async { TcpStream::connect(local(port)).await.is_ok() }).await;
        let profile = dir.path().join("profile");
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-extensions",
            "--disable-sync",
            "--no-first-run",
            "--window-size=1000,1400",
            &format!("--user-data-dir={}", profile.display()),
        ];
        let wanted = serde_json::json!({ "goog:chromeOptions": { "args": args, "prefs": settings }, "goog:loggingPrefs": { "browser": "ALL" } });
        let capabilities = wanted.as_object().unwrap().clone();
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://{}", local(port)))
            .await
            .unwrap();
        let told = page.capabilities().and_then(|c| c["goog:processID"].as_i64());
        let chromium = told.and_then(|pid| Pid::from_raw(i32::try_from(pid).unwrap()));
        assert!(chromium.is_some(), "the driver names its browser's process");
        Browser { page, driver, chromium, _dir: dir }
    }
    pub async fn go(&self, url: &str) {
        self.page.goto(url).await.unwrap();
    }
    pub async fn url(&self) -> String {
        self.page.current_url().await.unwrap().to_string()
    }
    /// What a person can read.
    pub async fn text(&self) -> String {
        self.page.find(Locator::Css("body")).await.unwrap().text().await.unwrap()
    }
    pub async fn find(&self, css: &str) -> Element {
        let found = self.page.wait().at_most(GUARD).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(e) => panic!("{css}: {e}\n{}\n{}", self.url().await, self.text().await),
        }
    }
    pub async fn has(&self, css: &str) -> bool {
        !self.page.find_all(Locator::Css(css)).await.unwrap().is_empty()
    }
    pub async fn type_into(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }
    pub async fn press(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }
    pub async fn title(&self) -> String {
        self.page.title().await.unwrap()
    }
    pub async fn reload(&self) {
        self.page.refresh().await.unwrap();
    }
    /// Waits for this page, with or without a slash at its end.
    pub async fn reaches(&self, url: &str) {
        let wanted = url.trim_end_matches('/').to_string();
        until(&format!("the browser to reach {url}"), || async { self.url().await.trim_end_matches('/') == wanted })
            .await;
        self.find("body").await;
    }
    pub async fn until_gone(&self, css: &str) {
        until(&format!("{css} to be gone"), || async { !self.has(css).await }).await;
    }
    /// Goes on in the window that the page has opened; the one it came from.
    pub async fn enter_new_window(&self) -> WindowHandle {
        let here = self.page.window().await.unwrap();
        until("another window", || async { self.page.windows().await.unwrap().len() == 2 }).await;
        let there = self.page.windows().await.unwrap().into_iter().find(|w| *w != here).unwrap();
        self.page.switch_to_window(there).await.unwrap();
        here
    }
    pub async fn leave_window(&self, to: WindowHandle) {
        self.page.switch_to_window(to).await.unwrap();
    }
    /// As who reads the other browser's cookies from its disk: those whose names end so.
    pub async fn take_cookie_of(&self, other: &Browser, end: &str) {
        let all = other.page.get_all_cookies().await.unwrap();
        let wanted: Vec<_> = all.into_iter().filter(|c| c.name().ends_with(end)).collect();
        assert_eq!(wanted.len(), 1, "cookies that end in {end}");
        for cookie in wanted {
            self.page.add_cookie(cookie).await.unwrap();
        }
    }
    /// Runs a script in the page; it ends by calling its last argument.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.page.execute_async(script, Vec::new()).await.unwrap()
    }
    /// Whether a style sheet applies.
    pub async fn is_styled(&self) -> bool {
        self.run("arguments[0](document.styleSheets.length)").await != 0
    }
    /// What the browser's console complains of.
    pub async fn refusals(&self) -> Vec<String> {
        let told = self.page.issue_cmd(Console).await.unwrap();
        let lines = told.as_array().cloned().unwrap_or_default();
        lines.iter().map(|l| l["message"].to_string()).filter(|m| m.contains("Content Security Policy")).collect()
    }
    /// The text of the QR code that a camera would see on the screen.
    pub async fn read_qr(&self) -> String {
        let png = self.page.screenshot().await.unwrap();
        let picture = image::load_from_memory(&png).unwrap().to_luma8();
        let mut picture = rqrr::PreparedImage::prepare(picture);
        let codes = picture.detect_grids();
        assert_eq!(codes.len(), 1, "QR codes on the screen");
        codes[0].decode().unwrap().1
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.driver.end();
        if let Some(pid) = self.chromium {
            let _ = kill_process(pid, Signal::KILL); // it would outlive its driver
        }
    }
}

/// The driver's own command for the console's lines.
#[derive(Debug)]
struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }
    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(r#"{"type":"browser"}"#.into()))
    }
}
