use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::exit::{Exit, print};

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Shell that reads the completions.
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

pub(crate) fn completions(args: &CompletionsArgs, mut command: Command) -> anyhow::Result<Exit> {
    let name = command.get_name().to_owned();
    let mut text = Vec::new();
    generate(args.shell, &mut command, name, &mut text);
    print(&String::from_utf8(text)?)?;
    Ok(Exit::Good)
}
