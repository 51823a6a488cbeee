//! `solti-metrics`: runs WebAssembly components as tasks, bounds them, and
//! shows what happened.

#[cfg(not(target_os = "linux"))]
compile_error!("the command solti-metrics supports Linux only");

mod artifacts;
mod check;
mod cli;
mod completions;
mod compose;
mod conformance;
mod elapsed;
mod entries;
mod exit;
mod fields;
mod filter;
mod limits;
mod man;
mod misused;
mod new;
mod output;
mod plain;
mod precompile;
mod run;
mod runtime;
mod serve;
mod signals;
mod stdin;
mod unfinished;
mod variable;
mod voice;
mod way;
mod whole;
mod wit;
mod wit_package;
mod write;

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

use clap::CommandFactory;
use solti_metrics_host::artifact::compile_worker;
use solti_metrics_host::contained::panic_is_contained;
use solti_metrics_host::process::no_thread;
use solti_metrics_host::text::causes;

use crate::artifacts::COMPILE_WORKER;
use crate::cli::{Cli, Command};
use crate::entries::{Entries, Form};
use crate::exit::Exit;
use crate::fields::Quoted;
use crate::filter::filter;
use crate::runtime::{block_on, raise_descriptors};
use crate::voice::complain_now;
use crate::whole::{Torn, to_stderr};

/// Bytes of stack that a command has, whatever this process was given for its first thread
/// (`ulimit -s`).
const STACK: usize = 8 << 20;

/// The exit code of a program of Rust's whose first thread panics.
const PANICKED: u8 = 101;

fn main() -> ExitCode {
    // A process that compiles ends with the one that wants the code, and has a thread of
    // its own.
    if is_compile_worker() {
        return compile_worker();
    }
    signals::hear();
    let command = thread::Builder::new().name("main".into()).stack_size(STACK);
    match command.spawn(command_of_process).map(JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        // The panic was told.
        Ok(Err(_)) => PANICKED.into(),
        Err(error) => {
            let reason = no_thread(&error);
            complain_now(format_args!("error: cannot start a thread: {reason}"));
            Exit::Failed.into()
        }
    }
}

fn command_of_process() -> ExitCode {
    let cli = Cli::of_process();
    silence_contained_panics();
    raise_descriptors();
    // Who serves has a log of its own.
    if !matches!(cli.command, Command::Serve(_)) {
        log();
    }
    let exit = match cli.command {
        Command::Run(args) => block_on(run::run(*args)),
        Command::Serve(args) => block_on(serve::serve(args)),
        Command::Check(args) => check::check(&args),
        Command::Conformance(args) => block_on(conformance::conformance(*args)),
        Command::Compose(args) => compose::compose(&args),
        Command::Precompile(args) => precompile::precompile(&args),
        Command::Wit(args) => wit::wit(&args),
        Command::New(args) => new::new(&args),
        Command::Completions(args) => completions::completions(&args, Cli::command()),
        Command::Man(args) => man::man(&args, Cli::command()),
    };
    exit.unwrap_or_else(|error| {
        complain_now(format_args!("error: {}", causes(&*error)));
        Exit::Failed
    })
    .into()
}

fn is_compile_worker() -> bool {
    std::env::args_os()
        .nth(1)
        .is_some_and(|it| it == COMPILE_WORKER)
}

/// Silent unless asked: what a person needs to know is said otherwise. It has no colours,
/// so that whatever else looks like one can be escaped.
fn log() {
    let (filter, wrong) = filter("error");
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .fmt_fields(Quoted)
        .with_writer(Mutex::new(Log(Entries::new(to_stderr, Form::Text))))
        .with_ansi(false)
        .init();
    if let Some(wrong) = wrong {
        complain_now(format_args!("warning: {wrong}"));
    }
}

type ToStderr = fn(&[u8]) -> Result<(), Torn>;

/// Takes an entry with each write, as the subscriber makes them.
struct Log(Entries<ToStderr>);

impl Write for Log {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        self.0.write(entry).map(|()| entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A panic that is answered with an error says nothing on its way.
fn silence_contained_panics() {
    let say = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !panic_is_contained() {
            say(panic);
        }
    }));
}
