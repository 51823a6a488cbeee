//! Names, errors and stderr tail are written by others: they are shown as they
//! are, and nothing comes of them.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use solti_metrics_tests::page::{elements, text};

use crate::page::Check;
use crate::page::browser::Browser;
use crate::page::numbers::everything;
use crate::page::server::{BACKENDS, PAGE, Server, TASKS};

pub(crate) const CHECKS: &[(&str, Check)] = &[
    ("texts_of_others_are_shown_as_text", is_text),
    ("a_hostile_name_in_any_field_is_text", any_field),
    ("a_backends_own_metrics_are_text", own_metrics),
    ("no_request_goes_to_another_origin", one_origin),
    ("the_policy_blocks_injected_scripts", policy),
];

const MARKUP: &str = r#"<img src=x onerror="document.title='owned'">"#;

/// Elements that the page itself never creates.
const NEVER: [&str; 6] = ["img", "iframe", "object", "embed", "video", "base"];

fn is_text(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    let mut written = 0;
    for answer in [TASKS, BACKENDS] {
        written += answer.matches("onerror").count();
    }
    ensure!(written >= 5, "the fixtures have lost their teeth");
    let page = everything(browser)?.pop().context("a page")?;
    let said = text(&page)?;
    ensure!(said.matches(MARKUP).count() >= written, "{said}");
    harmless(browser)
}

fn any_field(browser: &mut Browser, server: &mut Server) -> Result<()> {
    let json = "application/json";
    for (path, answer) in [("/api/tasks", TASKS), ("/api/backends", BACKENDS)] {
        let mut answer: Value = serde_json::from_str(answer)?;
        let schema = answer["schema"].take();
        spoil(&mut answer, &mut 0);
        answer["schema"] = schema;
        server.put(path, json, &answer.to_string());
    }
    browser.open(&server.url(), "live")?;
    everything(browser)?;
    harmless(browser)
}

/// Replaces each string with markup, different for each.
fn spoil(value: &mut Value, seen: &mut u32) {
    match value {
        Value::String(text) => {
            *seen += 1;
            *text = format!("\"'><script>document.title='owned'</script>{MARKUP}{seen}");
        }
        Value::Array(all) => all.iter_mut().for_each(|one| spoil(one, seen)),
        Value::Object(all) => all.values_mut().for_each(|one| spoil(one, seen)),
        _ => {}
    }
}

fn own_metrics(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    browser.evaluate("[...document.querySelectorAll('summary')].find(s => s.textContent === 'Its own metrics').click()")?;
    browser.wait("[...document.querySelectorAll('pre')].some(pre => pre.textContent.includes('<img src=own>'))")?;
    harmless(browser)
}

fn harmless(browser: &mut Browser) -> Result<()> {
    let title = browser.evaluate("document.title")?;
    ensure!(title == "solti-metrics", "{title}");
    let dom = browser.dom()?;
    for element in elements(&dom)? {
        ensure!(!NEVER.contains(&&*element.name), "{element:?}");
        let handler = element
            .attributes
            .keys()
            .find(|name| name.starts_with("on"));
        ensure!(handler.is_none(), "{element:?}");
    }
    let scripts = browser.evaluate("document.scripts.length")?;
    ensure!(scripts == 1, "{scripts}");
    ensure!(browser.complaints.is_empty(), "{:?}", browser.complaints);
    Ok(())
}

fn one_origin(browser: &mut Browser, server: &mut Server) -> Result<()> {
    for scheme in ["http:", "https:", "//fonts", "ws:", "wss:"] {
        ensure!(!PAGE.contains(scheme), "the page names {scheme}");
    }
    browser.open(&server.url(), "live")?;
    browser.look_again()?;
    everything(browser)?;
    let origin = server.url();
    let foreign = |url: &&String| !url.starts_with(&origin) && !url.starts_with("data:");
    let foreign: Vec<_> = browser.requests.iter().filter(foreign).collect();
    ensure!(foreign.is_empty(), "{foreign:?}");
    let known = ["/", "/metrics", "/api/tasks", "/api/backends"];
    for request in server.asked() {
        ensure!(known.contains(&&*request.path), "{}", request.path);
    }
    Ok(())
}

/// The hashes of the policy are those of the script and the style. The page works, and
/// injected content does not.
fn policy(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    let tried = browser.evaluate(
        "new Promise(done => { \
           document.addEventListener('securitypolicyviolation', event => done(event.effectiveDirective)); \
           const script = document.createElement('script'); script.textContent = 'document.title = 1'; \
           document.body.append(script); })",
    )?;
    ensure!(tried == "script-src-elem", "{tried}");
    let fetched =
        browser.evaluate("fetch('http://127.0.0.2:9/').then(() => 'went', () => 'stopped')")?;
    ensure!(fetched == json!("stopped"), "{fetched}");
    let title = browser.evaluate("document.title")?;
    ensure!(title == "solti-metrics", "{title}");
    Ok(())
}
