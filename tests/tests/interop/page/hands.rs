//! The page in use: with a keyboard, and with many tasks.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::page::Check;
use crate::page::browser::Browser;
use crate::page::server::{Server, TASKS};

pub(crate) const CHECKS: &[(&str, Check)] = &[
    ("the_keyboard_reaches_and_opens_everything", keyboard),
    ("an_update_keeps_the_focus_and_open_details", in_place),
    ("five_hundred_tasks_are_filtered_and_sorted", many),
    ("only_a_change_of_state_is_announced", announced),
    ("a_paused_page_sends_no_request", paused),
];

fn keyboard(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.screen(1280, 1600, "light")?;
    browser.open(&server.url(), "live")?;
    browser.press("Tab", "")?;
    let first = browser.evaluate("document.activeElement.textContent")?;
    ensure!(first == "Skip to the tasks", "{first}");
    let mut opened = false;
    for _ in 0..60 {
        browser.press("Tab", "")?;
        let outline = browser.evaluate("getComputedStyle(document.activeElement).outlineWidth")?;
        ensure!(outline == "2px" || on_body(browser)?, "{outline}");
        if browser.evaluate("document.activeElement.className")? == "more" {
            browser.press("Enter", "\r")?;
            opened = true;
            break;
        }
    }
    ensure!(opened, "no task was reached");
    let open = "document.querySelector('.more').getAttribute('aria-expanded') === 'true' && document.querySelectorAll('.detail').length === 1";
    browser.wait(open)?;
    // The head of a column sorts.
    browser.evaluate("document.querySelector('[data-sort=cpu] button').focus()")?;
    browser.press(" ", " ")?;
    let sorted = browser.evaluate("[document.querySelector('[data-sort=cpu]').getAttribute('aria-sort'), document.querySelector('.more').textContent]")?;
    ensure!(
        sorted == json!(["descending", "nightly-report"]),
        "{sorted}"
    );
    Ok(())
}

/// The focus leaves the page after its last element.
fn on_body(browser: &mut Browser) -> Result<bool> {
    Ok(browser.evaluate("document.activeElement === document.body")? == true)
}

fn in_place(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    browser.evaluate(
        "window.kept = [...document.querySelectorAll('.more')].find(b => b.textContent === 'legacy'); \
         kept.click(); kept.focus(); document.querySelector('#backend-list details').open = true",
    )?;
    let mut tasks: Value = serde_json::from_str(TASKS)?;
    // Another order, a task less, and another text.
    let all = tasks["tasks"].as_array_mut().context("tasks")?;
    all.reverse();
    all.remove(0);
    all[0]["last"]["detail"] = "stopped again".into();
    server.put("/api/tasks", "application/json", &tasks.to_string());
    browser.look_again()?;
    browser.wait("document.querySelector('.more').textContent === 'legacy'")?;
    let kept = browser.evaluate(
        "[document.activeElement === kept, kept.isConnected, kept.getAttribute('aria-expanded'), \
          kept.closest('tbody').querySelector('.detail').textContent.includes('stopped again'), \
          document.querySelector('#backend-list details').open, document.querySelectorAll('.tasks > tbody').length]",
    )?;
    ensure!(kept == json!([true, true, "true", true, true, 7]), "{kept}");
    Ok(())
}

fn many(browser: &mut Browser, server: &mut Server) -> Result<()> {
    let mut tasks: Value = serde_json::from_str(TASKS)?;
    let all = tasks["tasks"].as_array_mut().context("tasks")?;
    let model = all[0].clone();
    *all = (0..500)
        .map(|n| {
            let mut task = model.clone();
            task["name"] = format!("task-{n:03}").into();
            task["runs"]["failure"] = n.into();
            task
        })
        .collect();
    server.put("/api/tasks", "application/json", &tasks.to_string());
    browser.open(&server.url(), "live")?;
    let rows = "document.querySelectorAll('.tasks > tbody').length";
    ensure!(browser.evaluate(rows)? == 500);
    browser.evaluate("document.querySelector('[data-sort=o-failure] button').click()")?;
    let first = "document.querySelector('.more').textContent";
    ensure!(browser.evaluate(first)? == "task-499");
    browser.evaluate("document.getElementById('filter').focus()")?;
    for c in "k-07".chars() {
        browser.press(&c.to_string(), &c.to_string())?;
    }
    browser.wait(&format!("{rows} === 10"))?;
    ensure!(browser.evaluate(first)? == "task-079");
    let said = browser.evaluate("document.getElementById('matches').textContent")?;
    ensure!(said == "10 of 500 shown", "{said}");
    ensure!(browser.evaluate("document.activeElement.id")? == "filter");
    Ok(())
}

fn announced(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    let news = "document.getElementById('news').textContent";
    let mut tasks: Value = serde_json::from_str(TASKS)?;
    // The page does not announce that a task starts or ends.
    tasks["tasks"][0]["state"] = "idle".into();
    tasks["tasks"][0]["running"] = 0.into();
    server.put("/api/tasks", "application/json", &tasks.to_string());
    browser.look_again()?;
    browser.wait("document.querySelector('.tasks .state').textContent === 'idle'")?;
    ensure!(browser.evaluate(news)? == "");
    tasks["tasks"][0]["state"] = "backing_off".into();
    tasks["runner"]["draining"] = true.into();
    server.put("/api/tasks", "application/json", &tasks.to_string());
    browser.look_again()?;
    browser.wait(&format!("{news} !== ''"))?;
    let said = browser.evaluate(news)?;
    ensure!(
        said == "runner is draining, task digest is backing off",
        "{said}"
    );
    Ok(())
}

fn paused(browser: &mut Browser, server: &mut Server) -> Result<()> {
    browser.open(&server.url(), "live")?;
    let press = "document.getElementById('pause').click()";
    browser.evaluate(press)?;
    let asked = server.asked().len();
    browser.look_again()?;
    browser.pass(Duration::from_secs(60))?;
    ensure!(server.asked().len() == asked);
    browser.evaluate(press)?;
    browser.pass(Duration::from_secs(60))?;
    // The page sends three requests at once, and again after two seconds.
    let more = server.asked().len() - asked;
    ensure!(more >= 6, "it asked {more} times");
    Ok(())
}
