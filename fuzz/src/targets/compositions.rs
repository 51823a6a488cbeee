//! Compositions of guests, middlewares and providers in any order.

use std::sync::LazyLock;

use anyhow::{Result, anyhow, ensure};
use arbitrary::Unstructured;
use solti_metrics_host::component::{Inspection, Role};
use solti_metrics_host::compose::{Part, compose};
use solti_metrics_tests::parts::{
    EXIT, EXIT_FAILED, FAIL, RETURN, TRAP, failing, guest, keeper, keeping_middleware, silent,
};
use solti_metrics_tests::runs::End;

use crate::oracle::is_one_line;
use crate::recorders::recorders;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "compositions",
    run,
    seeds: &["fuzz/seeds/records"],
    words: &[],
    longest: 64,
    limits: Limits::WASM,
};

/// A component of a chain.
struct ChainPart {
    role: Role,
    /// The end of a guest.
    end: End,
    /// Whether records get through a middleware, or are counted by a provider.
    keeps: bool,
    bytes: Vec<u8>,
}

static PARTS: LazyLock<Result<Vec<ChainPart>>> = LazyLock::new(|| {
    let mut parts = Vec::new();
    let mut add = |role, end, keeps, bytes| {
        parts.push(ChainPart {
            role,
            end,
            keeps,
            bytes,
        });
    };
    for (end, seen) in [
        (RETURN, End::Exited(0)),
        (FAIL, End::Exited(1)),
        (EXIT, End::Exited(0)),
        (EXIT_FAILED, End::Exited(1)),
        (TRAP, End::Trapped),
    ] {
        add(Role::Guest, seen, true, guest(end)?);
    }
    let end = || End::Exited(0);
    add(Role::Provider, end(), true, keeper()?);
    add(Role::Provider, end(), false, silent()?);
    add(Role::Provider, end(), false, failing(false, 'x', 40)?);
    add(Role::Middleware, end(), true, keeping_middleware()?);
    add(Role::Middleware, end(), false, failing(true, 'x', 40)?);
    Ok(parts)
});

/// A chain of the right order is a component, which delivers all records. Any other order is rejected
/// with a reason.
fn run(input: &[u8]) -> Result<()> {
    let parts = PARTS.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let mut input = Unstructured::new(input);
    let mut chain = Vec::new();
    let ordered = input.ratio(3, 4)?;
    let length = input.int_in_range(1..=5)?;
    for at in 0..length {
        let role = match at {
            0 => Role::Guest,
            _ if at + 1 == length => Role::Provider,
            _ => Role::Middleware,
        };
        let fits: Vec<_> = parts.iter().filter(|it| !ordered || it.role == role).collect();
        chain.push(*input.choose(&fits)?);
    }
    let named: Vec<_> = chain
        .iter()
        .map(|it| Part {
            name: "a\nb",
            bytes: &it.bytes,
        })
        .collect();
    let roles: Vec<_> = chain.iter().map(|it| it.role).collect();
    let composed = match compose(&named) {
        Ok(composed) => composed,
        Err(error) => {
            ensure!(!is_chain(&roles), "{roles:?}: {error}");
            return is_one_line(&error.to_string());
        }
    };
    ensure!(is_chain(&roles), "{roles:?} are composed");
    let inspection = Inspection::of("composed", &composed.bytes)?;
    ensure!(inspection.role() == composed.inspection.role(), "{inspection:?}");
    ensure!(inspection.is_program(), "not a program: {inspection:?}");
    // A flush that fails is reported by the program, and the end of its guest decides.
    let mut results = Vec::new();
    for recorder in recorders()? {
        results.push(recorder.seen(&recorder.load(&composed.bytes)?)?);
    }
    ensure!(results[0] == results[1], "the modes differ: {results:?}");
    let expected = &chain[0].end;
    let (seen, stdout) = &results[0];
    ensure!(
        seen.end == *expected || *expected == End::Exited(0) && seen.end == End::Exited(1),
        "{roles:?}: {:?}, not {expected:?}",
        seen.end
    );
    reached();
    let printed = String::from_utf8_lossy(stdout);
    let expected = kept(&chain);
    ensure!(printed == expected, "{roles:?}: {printed:?}, not {expected:?}");
    Ok(())
}

/// The output of the provider at the flush before the end, which counts the records that arrived. A
/// guest makes three, and a guest that traps is not flushed.
fn kept(chain: &[&ChainPart]) -> &'static str {
    let (before, last) = chain.split_at(chain.len() - 1);
    let counts = last.iter().all(|it| it.keeps);
    match chain[0].end != End::Trapped && counts {
        false => "",
        true if before.iter().all(|it| it.keeps) => "kept 003\n",
        true => "kept 000\n",
    }
}

/// A chain starts with a guest and ends with a provider, and has only middlewares between them.
fn is_chain(roles: &[Role]) -> bool {
    let [Role::Guest, middlewares @ .., Role::Provider] = roles else {
        return false;
    };
    middlewares.iter().all(|it| *it == Role::Middleware)
}
