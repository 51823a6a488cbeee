//! A server that requires a token, answers wrongly, or is unavailable.

use anyhow::{Context, Result, ensure};

use crate::page::Check;
use crate::page::browser::Browser;
use crate::page::server::{METRICS, Server};

pub(crate) const CHECKS: &[(&str, Check)] = &[
    ("a_locked_server_is_opened_with_the_token", token),
    ("an_unreachable_server_leaves_a_banner", gone),
    ("truncated_metrics_are_not_shown", cut_off),
    ("json_of_another_schema_is_not_shown", schema),
];

const VISIBLE: &str = "(id => document.getElementById(id).checkVisibility())";

fn token(browser: &mut Browser, server: &mut Server) -> Result<()> {
    server.lock("open sesame");
    browser.open(&server.url(), "locked")?;
    for (id, visible) in [("door", true), ("main", false), ("banner", false)] {
        let is = browser.evaluate(&format!("{VISIBLE}('{id}')"))?;
        ensure!(is == visible, "{id}: {is}");
    }
    // The field has the focus already.
    type_in(browser, "close sesame")?;
    browser.wait("document.getElementById('refused').textContent.includes('not accept')")?;
    let kept = browser.evaluate("sessionStorage.getItem('token')")?;
    ensure!(kept.is_null(), "{kept}");
    type_in(browser, "open sesame")?;
    browser.wait("document.body.dataset.state === 'live'")?;
    ensure!(browser.evaluate(&format!("{VISIBLE}('door')"))? == false);
    ensure!(browser.evaluate("localStorage.length + document.cookie.length")? == 0);
    let asked = server.asked();
    let sent = asked
        .last()
        .and_then(|request| request.headers.get("authorization"));
    ensure!(
        sent.is_some_and(|sent| sent == "Bearer open sesame"),
        "{sent:?}"
    );
    ensure!(asked.iter().all(|request| !request.path.contains("sesame")));
    Ok(())
}

fn type_in(browser: &mut Browser, token: &str) -> Result<()> {
    ensure!(browser.evaluate("document.activeElement.id")? == "token");
    for c in token.chars() {
        browser.press(&c.to_string(), &c.to_string())?;
    }
    browser.press("Enter", "\r")
}

fn gone(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    server.stop()?;
    browser.look_again()?;
    browser.wait("document.body.dataset.state === 'stale'")?;
    let banner = browser.evaluate("document.getElementById('banner').innerText")?;
    let banner = banner.as_str().context("banner")?;
    ensure!(banner.contains("Not reachable since "), "{banner}");
    ensure!(banner.contains("Next attempt in 4 s"), "{banner}");
    let news = browser.evaluate("document.getElementById('news').textContent")?;
    ensure!(news == "The server cannot be reached", "{news}");
    // The next request is later, and the page keeps its values.
    browser.wait("document.getElementById('retry').textContent.includes('in 8 s')")?;
    let rows = browser.evaluate("document.querySelectorAll('.tasks > tbody').length")?;
    ensure!(rows == 8, "{rows}");
    Ok(())
}

fn cut_off(browser: &mut Browser, server: &mut Server) -> Result<()> {
    let media = "application/openmetrics-text; version=1.0.0";
    server.put("/metrics", media, &METRICS.replace("# EOF\n", ""));
    browser.open(&server.url(), "stale")?;
    says(browser, "/metrics is incomplete")
}

fn schema(browser: &mut Browser, server: &mut Server) -> Result<()> {
    let other = r#"{"schema":"solti-metrics/tasks@2","tasks":[]}"#;
    server.put("/api/tasks", "application/json", other);
    browser.open(&server.url(), "stale")?;
    says(browser, "/api/tasks has the schema solti-metrics/tasks@2")
}

fn says(browser: &mut Browser, what: &str) -> Result<()> {
    let banner = browser.evaluate("document.getElementById('trouble').textContent")?;
    let banner = banner.as_str().context("banner")?;
    ensure!(banner.contains(what), "{banner}");
    Ok(())
}
