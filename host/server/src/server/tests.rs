//! Tests of the errors of a server.

use std::error::Error as _;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Result, bail, ensure};
use solti_metrics_host::component::LoadError;

use super::*;
use crate::not_applied::Remains;

const HELLO: &str = include_str!("../hello.wat");

const NO_CACHE: &str = "[compilation]\ncache = false\n";

fn configuration(text: &str, folder: &Path) -> Result<Configuration> {
    Ok(Configuration::parse(&format!("{NO_CACHE}{text}"), folder)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_an_error_with_its_cause() -> Result<()> {
    let holder = TcpListener::bind("127.0.0.1:0")?;
    let taken = holder.local_addr()?;
    let text = format!("[server]\nlisten = \"{taken}\"\n");
    let built = Server::builder(configuration(&text, Path::new(""))?).build();
    match built.await {
        Err(Error::Listen { address, reason }) => {
            assert_eq!((address, reason.kind()), (taken, ErrorKind::AddrInUse));
        }
        other => bail!("{:?}", other.err()),
    }
    drop(holder);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_task_that_cannot_be_loaded_is_an_error_with_its_name_and_cause() -> Result<()> {
    let text = "[tasks.one]\ncomponent = \"a.wasm\"\n[tasks.two]\ncomponent = \"b.wasm\"\n";
    let dir = tempfile::tempdir()?;
    let server = Server::builder(configuration(text, dir.path())?);
    let server = server.build().await?;
    let Err(error) = server.start().await else {
        bail!("it has started");
    };
    let names: Vec<_> = error
        .errors()
        .iter()
        .filter_map(|error| match error {
            Error::Task { name, source } => {
                matches!(**source, Error::Load(LoadError::Read { .. })).then_some(&**name)
            }
            _ => None,
        })
        .collect();
    assert_eq!(names, ["one", "two"], "{error}");
    server.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_reports_the_state_of_each_part_that_is_not_applied() -> Result<()> {
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("hello.wasm"), wat::parse_str(HELLO)?)?;
    let before = "[tasks.here]\ncomponent = \"hello.wasm\"\n";
    let server = Server::builder(configuration(before, dir.path())?);
    let server = server.build().await?;
    server.start().await?;
    let after = "[runner]\nconcurrency = 2\n[tasks.here]\ncomponent = \"gone.wasm\"\n[tasks.new]\ncomponent = \"gone.wasm\"\n";
    let applied = server.apply(&configuration(after, dir.path())?).await;
    let Err(error) = applied else {
        bail!("it was applied");
    };
    let parts = error.not_applied().iter();
    let parts: Vec<_> = parts
        .map(|part| (name(&part.error), part.remains))
        .collect();
    assert_eq!(
        parts,
        [
            ("[runner]", Remains::UntilRestart),
            ("here", Remains::Unchanged),
            ("new", Remains::StartFailed),
        ],
        "{error}"
    );
    server.stop().await;
    Ok(())
}

fn name(error: &Error) -> &str {
    match error {
        Error::FixedTable { table: "runner" } => "[runner]",
        Error::Task { name, .. } => name,
        _ => "",
    }
}

/// A report of an error and its sources shows each message once.
#[test]
fn the_message_of_an_error_does_not_repeat_that_of_its_source() -> Result<()> {
    let cause = || std::io::Error::other("the cause");
    for error in [
        Error::Token {
            file: "token".into(),
            source: cause(),
        },
        Error::supervise(cause()),
        Error::supervise(cause()).of_task("hello"),
    ] {
        let Some(source) = error.source() else {
            bail!("{error} has no source");
        };
        ensure!(!error.to_string().contains(&source.to_string()), "{error}");
    }
    Ok(())
}

/// A large error would make calls that succeed slower.
#[test]
fn an_error_is_small() {
    assert!(size_of::<Error>() <= 128, "{}", size_of::<Error>());
}
