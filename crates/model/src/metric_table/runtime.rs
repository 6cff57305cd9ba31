//! Language runtimes, each in its own folder of the tree.

mod clr;
mod go;
mod jvm;
mod node_js;
mod python;

pub(super) use clr::SERIES as CLR;
pub(super) use go::SERIES as GO;
pub(super) use jvm::SERIES as JVM;
pub(super) use node_js::SERIES as NODE_JS;
pub(super) use python::SERIES as PYTHON;

use super::{Kind, Unit, recipe};
