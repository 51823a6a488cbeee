//! An embedder's own interface, with a record and a resource, through generated bindings: all
//! imports of a guest but the metrics reach the embedder, and all exports remain.

mod bindings;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use solti_metrics::{Event, MemoryMetrics, MetricsHandle, RunnerType, TaskOutcome};
use solti_metrics_host::MetricsCtx;
use solti_metrics_host::inline::{self, InlineComponent, Recorded, drain_along};
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{Config, Engine, Inlining, Store};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use self::bindings::OfficePre;
use self::bindings::tests::embedder::desk::{Host, HostTicket, Note, add_to_linker};
use super::embedder::said;

/// A ticket of the embedder.
#[expect(unreachable_pub, reason = "the bindings re-export the type")]
pub struct Ticket {
    subject: String,
    priority: u32,
}

/// The embedder's data.
#[derive(Default)]
struct Desk {
    table: ResourceTable,
    closed: Vec<String>,
}

impl Host for Desk {
    fn close(&mut self, ticket: Resource<Ticket>) -> u32 {
        match self.table.delete(ticket) {
            Ok(Ticket { subject, priority }) => {
                self.closed.push(subject);
                priority
            }
            Err(_) => 0,
        }
    }
}

impl HostTicket for Desk {
    fn new(&mut self, Note { subject, priority }: Note) -> Resource<Ticket> {
        match self.table.push(Ticket { subject, priority }) {
            Ok(ticket) => ticket,
            Err(_) => Resource::new_own(u32::MAX),
        }
    }

    fn subject(&mut self, ticket: Resource<Ticket>) -> String {
        let ticket = self.table.get(&ticket);
        ticket.map_or_else(|_| String::new(), |ticket| ticket.subject.clone())
    }

    fn raise(&mut self, ticket: Resource<Ticket>, by: u32) -> u32 {
        self.table.get_mut(&ticket).map_or(0, |ticket| {
            ticket.priority += by;
            ticket.priority
        })
    }

    fn drop(&mut self, ticket: Resource<Ticket>) -> wasmtime::Result<()> {
        self.table.delete(ticket)?;
        Ok(())
    }
}

fn guest() -> Result<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut resolve = Resolve {
        all_features: true,
        ..Resolve::default()
    };
    resolve.push_dir(here.join("../wit"))?;
    let (package, _) = resolve.push_dir(here.join("embedder-wit"))?;
    let world = resolve.select_world(&[package], Some("guest"))?;
    let mut module = wat::parse_str(include_str!("world/guest.wat"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    ComponentEncoder::default()
        .module(&module)?
        .validate(true)
        .encode()
}

fn linked(engine: &Engine) -> Result<OfficePre<Recorded<Desk>>> {
    let mut linker = Linker::new(engine);
    inline::add_to_linker(&mut linker).map_err(said)?;
    add_to_linker::<_, HasSelf<Desk>>(&mut linker, Recorded::data_mut).map_err(said)?;
    let guest = InlineComponent::new(engine, "guest", &guest()?)?;
    let guest = guest.instantiate_pre(&linker).map_err(said)?;
    OfficePre::new(guest).map_err(said)
}

#[test]
fn an_interface_of_the_embedder_passes_through_with_its_records_and_resources() -> Result<()> {
    let mut config = Config::new();
    config.compiler_inlining(Inlining::InterModule);
    for engine in [Engine::default(), Engine::new(&config).map_err(said)?] {
        let linked = linked(&engine)?;
        let memory = Arc::new(MemoryMetrics::new());
        let metrics = MetricsCtx::builder().handle(memory.clone() as MetricsHandle);
        let mut store = Store::new(&engine, Recorded::new(metrics.build(), Desk::default()));
        drain_along(&mut store);
        let office = linked.instantiate(&mut store).map_err(said)?;

        let priority = office.call_work(&mut store, "a chair", 6).map_err(said)?;
        ensure!(priority == 7 && store.data().data().closed == ["a chair"]);

        let reception = office.tests_embedder_reception();
        let subject = "a lamp".to_owned();
        let note = Note {
            subject,
            priority: 3,
        };
        let lamp = store.data_mut().data_mut().new(note.clone());
        let raised = reception.call_raise(&mut store, Resource::new_borrow(lamp.rep()));
        ensure!(raised.map_err(said)? == 13);
        ensure!(store.data_mut().data_mut().close(lamp) == 13);

        let first = reception.call_first(&mut store, &[note]).map_err(said)?;
        ensure!(first.is_some_and(|note| note.subject == "a lamp" && note.priority == 3));
        ensure!(
            reception
                .call_first(&mut store, &[])
                .map_err(said)?
                .is_none()
        );
        ensure!(store.data().data().closed == ["a chair", "a lamp"]);
        ensure!(memory.events() == expected(), "{:?}", memory.events());
    }
    Ok(())
}

fn expected() -> [Event; 5] {
    let started = |runner| Event::TaskStarted { runner };
    let completed = |runner, duration_ms| Event::TaskCompleted {
        runner,
        outcome: TaskOutcome::Success,
        duration_ms,
    };
    [
        started(RunnerType::Container),
        completed(RunnerType::Container, 7),
        completed(RunnerType::Wasm, 13),
        started(RunnerType::Subprocess),
        started(RunnerType::Subprocess),
    ]
}
