//! The page in light and dark, wide and narrow.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result, ensure};

use crate::page::Check;
use crate::page::browser::Browser;
use crate::page::server::{PAGE, Server, TASKS};

pub(crate) const CHECKS: &[(&str, Check)] = &[
    ("text_is_readable_in_light_and_dark", contrast),
    ("no_screen_scrolls_sideways", narrow),
    ("the_policy_names_script_and_style_by_hash", hashes),
];

/// Texts with a contrast below the 4.5 of WCAG 2 AA.
const TOO_FAINT: &str = include_str!("contrast.js");

fn contrast(browser: &mut Browser, server: &mut Server) -> Result<()> {
    for scheme in ["light", "dark"] {
        browser.screen(1280, 1600, scheme)?;
        browser.open(&server.url(), "live")?;
        browser.evaluate("document.getElementById('unfold').click(); document.getElementById('banner').hidden = false; document.getElementById('door').hidden = false")?;
        let looked = browser.evaluate(TOO_FAINT)?;
        let texts = looked["texts"].as_u64().context("texts")?;
        ensure!(texts > 500, "only {texts} texts were looked at");
        let dark = looked["background"].as_f64().context("background")? < 0.2;
        ensure!(dark == (scheme == "dark"), "it is not {scheme}");
        let faint = looked["faint"].as_array().context("faint")?;
        ensure!(faint.is_empty(), "{scheme}: {faint:#?}");
    }
    Ok(())
}

fn narrow(browser: &mut Browser, server: &mut Server) -> Result<()> {
    // The maximum length of a name.
    let long = TASKS.replace("\"migrate\"", &format!("\"{}\"", "m".repeat(63)));
    ensure!(long.len() > TASKS.len());
    server.put("/api/tasks", "application/json", &long);
    for width in [320, 360, 412, 620, 700, 900, 1139, 1263, 1280, 1480] {
        browser.screen(width, 900, "light")?;
        browser.open(&server.url(), "live")?;
        for open in [false, true] {
            if open {
                browser.evaluate("document.getElementById('unfold').click(); for (const d of document.querySelectorAll('details')) d.open = true")?;
            }
            let wide = browser.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth",
            )?;
            ensure!(wide == 0, "{wide} pixels too wide at {width}, open: {open}");
        }
    }
    Ok(())
}

/// `BLESS=1` writes the hashes.
fn hashes(browser: &mut Browser, server: &mut Server) -> Result<()> {
    // The server does not matter, and the script need not run.
    browser.call("Page.navigate", serde_json::json!({"url": server.url()}))?;
    browser.wait("document.readyState === 'complete'")?;
    let mut page = PAGE.to_owned();
    for tag in ["script", "style"] {
        let hash = browser.evaluate(&format!(
            "crypto.subtle.digest('SHA-256', new TextEncoder().encode(document.querySelector('{tag}').textContent)) \
               .then(hash => btoa(String.fromCharCode(...new Uint8Array(hash))))"
        ))?;
        let hash = hash.as_str().context("hash")?;
        let begin = format!("{tag}-src 'sha256-");
        let (before, after) = page.split_once(&begin).context("no policy")?;
        let (_, after) = after.split_once('\'').context("no policy")?;
        page = format!("{before}{begin}{hash}'{after}");
    }
    if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        return Ok(fs::write(
            path.join("../host/server/src/http/page.html"),
            page,
        )?);
    }
    ensure!(page == PAGE, "BLESS=1 writes the hashes into the page");
    Ok(())
}
