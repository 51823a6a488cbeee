//! Headless Chromium with one page, controlled over a pipe with the DevTools protocol.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A deadline that no page reaches.
const GUARD: Duration = Duration::from_secs(60);

/// A browser. Dropping the value kills the process.
pub(crate) struct Browser {
    child: Child,
    send: ChildStdin,
    messages: Receiver<Value>,
    session: Value,
    last: u64,
    expired: bool,
    /// The requests of the page to the network.
    pub(crate) requests: Vec<String>,
    /// The errors of the page, in the browser's words.
    pub(crate) complaints: Vec<String>,
    // The profile is dropped after the browser.
    _profile: TempDir,
}

impl Browser {
    pub(crate) fn start(chromium: &Path) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let data = profile.path().join("profile");
        // The browser reads from descriptor 3 and writes to descriptor 4.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(chromium)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu"])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--disable-quic"])
            .arg("--remote-debugging-pipe")
            .arg(format!("--user-data-dir={}", data.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(profile.path().join("log"))?)
            .spawn()?;
        let send = child.stdin.take().context("no pipe")?;
        let said = child.stdout.take().context("no pipe")?;
        let (message, messages) = channel();
        // The thread ends with the browser.
        thread::spawn(move || {
            for said in BufReader::new(said).split(0).map_while(Result::ok) {
                let said = serde_json::from_slice(&said).unwrap_or_default();
                if message.send(said).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self {
            child,
            send,
            messages,
            session: Value::Null,
            last: 0,
            expired: false,
            requests: Vec::new(),
            complaints: Vec::new(),
            _profile: profile,
        };
        let page = browser.call("Target.createTarget", json!({"url": "about:blank"}))?;
        let to = json!({"targetId": page["targetId"], "flatten": true});
        browser.session = browser.call("Target.attachToTarget", to)?["sessionId"].clone();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(browser)
    }

    /// Opens the URL, and waits until the page has this state.
    pub(crate) fn open(&mut self, url: &str, state: &str) -> Result<()> {
        let gone = self.call("Page.navigate", json!({"url": url}))?;
        ensure!(gone["errorText"].is_null(), "{gone}");
        self.wait(&format!("document.body.dataset.state === '{state}'"))
    }

    /// Sets the size of the screen, and the colour scheme `light` or `dark`.
    pub(crate) fn screen(&mut self, width: u32, height: u32, scheme: &str) -> Result<()> {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", size)?;
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.call(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )?;
        Ok(())
    }

    /// The value of an expression, awaited if it is a promise.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let what = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut evaluated = self.call("Runtime.evaluate", what)?;
        let failed = &evaluated["exceptionDetails"];
        ensure!(failed.is_null(), "{expression}: {failed}");
        Ok(evaluated["result"]["value"].take())
    }

    /// Waits until the expression is true.
    pub(crate) fn wait(&mut self, expression: &str) -> Result<()> {
        let look = format!(
            "new Promise(done => {{ const look = () => {{ \
               let so = false; try {{ so = {expression}; }} catch {{}} \
               so ? done(true) : setTimeout(look, 20); }}; look(); }})"
        );
        self.evaluate(&look)
            .with_context(|| format!("waiting for {expression}"))?;
        Ok(())
    }

    /// Makes the page update once now, as when a user returns to it.
    pub(crate) fn look_again(&mut self) -> Result<()> {
        self.evaluate("document.dispatchEvent(new Event('visibilitychange'))")?;
        Ok(())
    }

    /// Presses a key, by its name and its text.
    pub(crate) fn press(&mut self, key: &str, text: &str) -> Result<()> {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            " " => 32,
            _ => 0,
        };
        let mut event =
            json!({"type": "keyDown", "key": key, "windowsVirtualKeyCode": code, "text": text});
        self.call("Input.dispatchKeyEvent", event.clone())?;
        event["type"] = "keyUp".into();
        self.call("Input.dispatchKeyEvent", event)?;
        Ok(())
    }

    /// Advances the page's clock by this time, with all its timers.
    pub(crate) fn pass(&mut self, time: Duration) -> Result<()> {
        let budget = u64::try_from(time.as_millis())?;
        self.expired = false;
        let policy = json!({"policy": "pauseIfNetworkFetchesPending", "budget": budget});
        self.call("Emulation.setVirtualTimePolicy", policy)?;
        while !self.expired {
            let said = self.messages.recv_timeout(GUARD);
            self.hear(&said.context("time does not pass")?);
        }
        Ok(())
    }

    /// The current page.
    pub(crate) fn dom(&mut self) -> Result<String> {
        let dom = self.evaluate("document.documentElement.outerHTML")?;
        Ok(dom.as_str().context("no page")?.to_owned())
    }

    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        self.send.write_all(format!("{message}\0").as_bytes())?;
        // A page with updates sends many messages in between.
        let begun = Instant::now();
        loop {
            let left = GUARD.saturating_sub(begun.elapsed());
            let Ok(mut said) = self.messages.recv_timeout(left) else {
                bail!("no answer to {method}");
            };
            if said["id"] == self.last {
                ensure!(said["error"].is_null(), "{method}: {}", said["error"]);
                return Ok(said["result"].take());
            }
            self.hear(&said);
        }
    }

    fn hear(&mut self, said: &Value) {
        let about = &said["params"];
        match said["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                let url = about["request"]["url"].as_str().unwrap_or_default();
                self.requests.push(url.to_owned());
            }
            Some("Emulation.virtualTimeBudgetExpired") => self.expired = true,
            Some("Runtime.exceptionThrown" | "Log.entryAdded") => {
                self.complaints.push(about.to_string());
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A process that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
