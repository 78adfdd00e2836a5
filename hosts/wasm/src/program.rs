//! The compiled module, and what it is linked to.

use std::sync::Arc;

use thiserror::Error;
use wasmtime::{Config, Engine, InstancePre, Linker, Module};

use crate::calls;
use crate::epoch::Epoch;
use crate::state::State;

/// A module that was compiled and linked to all host calls. Clones share it.
#[derive(Clone)]
pub struct Program {
    pub(crate) linked: InstancePre<State>,
    module: Module,
    _epoch: Arc<Epoch>,
}

/// Why a module cannot run.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// It is no module, or it imports what this host does not offer.
    #[error("the module cannot be linked: {0:#}; build it anew, and import no more than this host offers")]
    Module(wasmtime::Error),
    /// It trapped before it was ever called back.
    #[error("the module trapped at its start: {0:#}")]
    Start(wasmtime::Error),
    /// The thread that stops endless loops could not begin.
    #[error("no thread for the epoch: {0}")]
    Thread(#[from] std::io::Error),
}

impl Program {
    /// Compiles a module, optimised as for a proxy. Its text form is not taken.
    pub fn compile(module: &[u8]) -> Result<Self, ProgramError> {
        let (engine, module, linked) = link(module).map_err(ProgramError::Module)?;
        let epoch = Arc::new(Epoch::begin(&engine)?);
        Ok(Self {
            linked,
            module,
            _epoch: epoch,
        })
    }

    /// The names of what it imports.
    pub fn imports(&self) -> Vec<String> {
        self.module.imports().map(|import| import.name().to_owned()).collect()
    }

    /// The names of what it exports.
    pub fn exports(&self) -> Vec<String> {
        self.module.exports().map(|export| export.name().to_owned()).collect()
    }
}

fn link(module: &[u8]) -> wasmtime::Result<(Engine, Module, InstancePre<State>)> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, module)?;
    let mut linker = Linker::new(&engine);
    calls::offer_all(&mut linker)?;
    let linked = linker.instantiate_pre(&module)?;
    Ok((engine, module, linked))
}
