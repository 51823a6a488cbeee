use std::fs;
use std::io::{BufRead, BufReader, Read, Write, stdin, stdout};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use solti_metrics_server::{Configuration, Server};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::bench::{Result, child};
use crate::guest::component;

/// The argument of the process that serves.
pub(in crate::bench) const SERVE: &str = "serve";

/// A server in a process of its own, until it is dropped.
pub(super) struct Served {
    pub(super) address: SocketAddr,
    process: Child,
    /// The configuration and the component.
    _folder: TempDir,
}

const EMPTY: &str = r#"(module
    (func (export "wasi:cli/run@0.2.12#run") (result i32) (i32.const 0)))"#;

impl Served {
    /// Starts a server with this number of tasks, each of which runs at the start and then
    /// once an hour.
    pub(super) fn start(tasks: usize) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("empty.wasm"), component(EMPTY)?)?;
        fs::write(folder.path().join("serve.toml"), configuration(tasks))?;
        let mut process = child::command(SERVE)?
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("no output")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        Ok(Self {
            address: address.trim().parse().map_err(|_| "no address")?,
            process,
            _folder: folder,
        })
    }

    /// CPU time of all threads of the process so far, in seconds.
    pub(super) fn cpu(&self) -> Result<f64> {
        let threads = PathBuf::from(format!("/proc/{}/task", self.process.id()));
        let mut nanoseconds = 0;
        for thread in fs::read_dir(threads)? {
            // A thread may end meanwhile.
            let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            let first = text.split_whitespace().next().unwrap_or("0");
            nanoseconds += first.parse::<u64>()?;
        }
        Ok(nanoseconds as f64 / 1e9)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The end of its input stops the server.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn configuration(tasks: usize) -> String {
    let head = "[server]\nlisten = \"127.0.0.1:0\"\n[compilation]\ncache = false\n";
    let task = |number| {
        format!(
            "[tasks.task-{number}]\ncomponent = \"empty.wasm\"\nschedule = \"interval\"\n\
             interval = \"1h\"\nadmission = \"reject\"\n"
        )
    };
    head.to_owned() + &(0..tasks).map(task).collect::<String>()
}

/// Serves the configuration in this folder, and prints the address, until standard input
/// ends.
pub(in crate::bench) fn serve(folder: &Path) -> Result<()> {
    let text = fs::read_to_string(folder.join("serve.toml"))?;
    let configuration = Configuration::parse(&text, folder)?;
    Runtime::new()?.block_on(async {
        let server = Server::builder(configuration).build().await?;
        server.start().await?;
        let address = server.address().ok_or("no address")?;
        writeln!(stdout(), "{address}")?;
        tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new())).await??;
        server.stop().await;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_with_a_thousand_tasks_is_accepted() -> Result<()> {
        let folder = tempfile::tempdir()?;
        Configuration::parse(&configuration(1_000), folder.path())?;
        Ok(())
    }
}
