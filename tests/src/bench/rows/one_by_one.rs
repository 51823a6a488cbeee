//! From the host into a component that exports only `backend`.

use wasmtime::component::{ComponentType, Lift, Lower};

use super::adder::Instantiated;
use crate::bench::{Arrived, Result, Work};

pub(super) fn calls(records: u32) -> Result<Box<dyn Work>> {
    Ok(Box::new(Calls {
        records,
        adder: Instantiated::new("solti:metrics/backend@0.1.0", "record-task-completed")?,
    }))
}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "a case for each of the interface's")]
pub(super) enum Runner {
    #[component(name = "subprocess")]
    Subprocess,
    #[component(name = "container")]
    Container,
    #[component(name = "wasm")]
    Wasm,
}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "a case for each of the interface's")]
enum Outcome {
    #[component(name = "success")]
    Success,
    #[component(name = "failure")]
    Failure,
    #[component(name = "canceled")]
    Canceled,
    #[component(name = "timeout")]
    Timeout,
}

struct Calls {
    records: u32,
    adder: Instantiated<(Runner, Outcome, u64), ()>,
}

impl Work for Calls {
    fn run(&mut self) -> Result<()> {
        for duration_ms in 1..=u64::from(self.records) {
            let record = (Runner::Wasm, Outcome::Success, duration_ms);
            self.adder.function.call(&mut self.adder.store, record)?;
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        self.adder.arrived()
    }
}
