//! Loaded programs, and their loader.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::{Component, InstancePre};

use super::entry::ProgramEntry;
use super::machine::Machine;
use super::state::TaskData;
use super::{ProgramRecording, RecordingMode};
use crate::artifact::{
    ArtifactKey, CodeInput, CodeKind, Digest, EngineArtifacts, FoundCode, Inspected, LoadedCode,
    NotUsed, Origin, Precompiled, ReadyCode, Refusal, ShimComponent, ShimError,
};
use crate::component::{Inspection, LoadError, Role};
use crate::process::ProcessLimit;
use crate::text::{one_line, printable};

/// A loaded component: checked, compiled, linked, and ready to run any number of times. Clones
/// share the code.
#[derive(Clone)]
pub struct Program {
    name: Arc<str>,
    inspection: Arc<Inspection>,
    recording: Arc<ProgramRecording>,
    origin: Origin,
    refusal: Option<Refusal>,
    pub(super) entry: ProgramEntry,
}

/// Loads programs with the settings of one runner.
pub(super) struct ProgramLoader<'a> {
    pub(super) machine: &'a Machine,
    pub(super) recording_mode: RecordingMode,
    /// Whether a component may need component-model async.
    pub(super) asynchronous: bool,
}

/// A program's linked code, and its recording mode.
struct Linked {
    recording: ProgramRecording,
    origin: Origin,
    entry: ProgramEntry,
}

impl ProgramLoader<'_> {
    pub(super) fn load(&self, name: &str, mut given: CodeInput<'_>) -> Result<Program, LoadError> {
        let [artifacts, _] = self.machine.each_synchronous();
        let ready = artifacts.ready(
            name,
            &mut given,
            |outside| {
                self.artifacts(name, outside)
                    .map_err(|_| Refusal::NotLoaded)
            },
            |component| self.cached(component),
            |code| self.of_code(name, code),
        );
        let refusal = match ready? {
            FoundCode::Loaded(program) => return Ok(program),
            FoundCode::Nothing(refusal) => refusal,
        };
        let component = given.component()?;
        let inspection = Inspection::of(name, &component)?;
        inspection.runnable(name)?;
        let linked = self.compiled(Inspected {
            name,
            inspection: &inspection,
            bytes: &component,
        })?;
        Ok(Program::new(name, inspection, linked, refusal))
    }

    /// Code for the engine that the component needs.
    fn artifacts(&self, name: &str, it: &Inspection) -> Result<&EngineArtifacts, LoadError> {
        let Some(needs) = &it.needs_async else {
            return Ok(self.machine.synchronous(it));
        };
        if !self.asynchronous {
            return Err(LoadError::AsyncRefused {
                name: printable(name),
                needs: needs.clone(),
            });
        }
        let no_engine = |error: wasmtime::Error| match ProcessLimit::behind(&error) {
            Some(limit) => LoadError::ProcessLimit {
                name: printable(name),
                limit,
            },
            None => LoadError::NoEngine {
                name: printable(name),
                needs: needs.clone(),
                reason: one_line(&error),
            },
        };
        self.machine.asynchronous(it).map_err(no_engine)
    }

    /// Cached code of a component, for the requested recording mode. The cache holds no reason for
    /// code in another mode. The cache also does not tell which components need component-model
    /// async: those are inspected first.
    fn cached(&self, component: Digest) -> Option<ReadyCode<'static>> {
        let each = self.machine.each_synchronous();
        let cached = |kind| each.iter().find_map(|it| it.cached(kind, component));
        match self.recording_mode {
            RecordingMode::Direct => cached(CodeKind::Plain),
            RecordingMode::Inline => cached(CodeKind::WithShim).or_else(|| {
                let records = |code: &ReadyCode<'_>| code.inspection.role() != Role::None;
                cached(CodeKind::Plain).filter(|code| !records(code))
            }),
        }
    }

    fn of_code(&self, name: &str, code: &ReadyCode<'_>) -> Result<Program, NotUsed> {
        let inspection = &code.inspection;
        inspection.runnable(name)?;
        let (recording, entry) = match (code.kind, self.recording_mode) {
            (CodeKind::WithShim, RecordingMode::Direct) => return Err(Refusal::OtherUse.into()),
            (CodeKind::WithShim, RecordingMode::Inline) => (
                ProgramRecording::Inline,
                self.with_shim(name, inspection, &code.shim()?)?,
            ),
            (CodeKind::Plain, mode) => {
                let entry = self.plain(name, inspection, &code.plain()?)?;
                let asked = mode == RecordingMode::Inline;
                let reason = asked.then(|| "was precompiled for the direct mode".to_owned());
                (direct(inspection, reason), entry)
            }
        };
        let linked = Linked {
            recording,
            origin: code.origin,
            entry,
        };
        Ok(Program::new(name, inspection.clone(), linked, None))
    }

    /// Compiles a component in the requested recording mode, if the component supports it.
    fn compiled(&self, it: Inspected<'_>) -> Result<Linked, LoadError> {
        let mut reason = None;
        if self.recording_mode == RecordingMode::Inline && it.inspection.role() != Role::None {
            match self.inline(it) {
                Ok(linked) => return Ok(linked),
                Err(error) => reason = Some(in_direct_mode(it.name, error)?),
            }
        }
        let artifacts = self.artifacts(it.name, it.inspection)?;
        let LoadedCode { component, origin } = artifacts.plain(it)?;
        Ok(Linked {
            recording: direct(it.inspection, reason),
            origin,
            entry: self.plain(it.name, it.inspection, &component)?,
        })
    }

    fn inline(&self, it: Inspected<'_>) -> Result<Linked, ShimError> {
        let artifacts = self.artifacts(it.name, it.inspection)?;
        let LoadedCode { component, origin } = artifacts.with_shim(it)?;
        Ok(Linked {
            recording: ProgramRecording::Inline,
            origin,
            entry: self.with_shim(it.name, it.inspection, &component)?,
        })
    }

    fn plain(
        &self,
        name: &str,
        inspection: &Inspection,
        component: &Component,
    ) -> Result<ProgramEntry, LoadError> {
        let linker = self.machine.linker(component.engine());
        let linked = linker.map(|linker| linker.instantiate_pre(component));
        ready(name, inspection, linked)
    }

    fn with_shim(
        &self,
        name: &str,
        inspection: &Inspection,
        component: &ShimComponent,
    ) -> Result<ProgramEntry, LoadError> {
        let linker = self.machine.linker(component.engine());
        let linked = linker.map(|linker| component.instantiate_pre(linker));
        ready(name, inspection, linked)
    }

    /// Makes a file with a program's code, in the requested recording mode if the component
    /// supports it.
    pub(super) fn precompile(
        &self,
        name: &str,
        given: CodeInput<'_>,
        key: &ArtifactKey,
    ) -> Result<(Precompiled, ProgramRecording), LoadError> {
        let component = given.component()?;
        let inspection = Inspection::of(name, &component)?;
        inspection.runnable(name)?;
        let it = Inspected {
            name,
            inspection: &inspection,
            bytes: &component,
        };
        let artifacts = self.artifacts(name, &inspection)?;
        let mut reason = None;
        if self.recording_mode == RecordingMode::Inline && inspection.role() != Role::None {
            match artifacts.sealed_with_shim(it, key) {
                Ok(file) => return Ok((file, ProgramRecording::Inline)),
                Err(error) => reason = Some(in_direct_mode(name, error)?),
            }
        }
        let file = artifacts.sealed_plain(it, key)?;
        Ok((file, direct(&inspection, reason)))
    }
}

/// Reason why a component uses the direct mode, or the error if it cannot be loaded in any mode.
fn in_direct_mode(name: &str, error: ShimError) -> Result<String, LoadError> {
    let reason = error.without_the_shim()?;
    tracing::warn!(
        component = name,
        reason,
        "the recording mode is direct instead of inline"
    );
    Ok(reason)
}

fn direct(inspection: &Inspection, reason: Option<String>) -> ProgramRecording {
    match inspection.role() {
        Role::None => ProgramRecording::Nothing,
        _ => ProgramRecording::Direct { reason },
    }
}

fn ready(
    name: &str,
    inspection: &Inspection,
    linked: Option<wasmtime::Result<InstancePre<TaskData>>>,
) -> Result<ProgramEntry, LoadError> {
    let none = || {
        Err(wasmtime::format_err!(
            "the component was loaded on another engine"
        ))
    };
    linked
        .unwrap_or_else(none)
        .and_then(|linked| ProgramEntry::new(linked, inspection))
        .map_err(|error| LoadError::Link {
            name: printable(name),
            reason: one_line(&error),
        })
}

impl Program {
    fn new(name: &str, inspection: Inspection, linked: Linked, refusal: Option<Refusal>) -> Self {
        let Linked {
            recording,
            origin,
            entry,
        } = linked;
        Self {
            name: name.into(),
            inspection: Arc::new(inspection),
            recording: Arc::new(recording),
            origin,
            refusal,
            entry,
        }
    }

    /// Name under which the program was loaded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Imports, exports and role of the component.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// Maximum bytes that the host allocates for the data of a program's instances, and of the
    /// shim's if its records are inlined.
    pub(super) fn instance_data(&self) -> u64 {
        let shim = match *self.recording {
            ProgramRecording::Inline => crate::inline::INSTANCE_DATA,
            _ => 0,
        };
        self.inspection.instance_data.saturating_add(shim)
    }

    /// Recording mode of the program, with the reason.
    #[must_use]
    pub fn recording(&self) -> &ProgramRecording {
        &self.recording
    }

    /// Origin of the program's code.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Reason why the code in a precompiled file was not used.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("name", &self.name)
            .field("recording", &self.recording)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}
