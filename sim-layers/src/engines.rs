//! The engines of a caller, on one set of vector instructions.

use sim_algebraic::Algebraic;
use sim_array::clock::Clock;
use sim_array::engine::{Engine, EngineError, Operands};
use sim_array::lockstep::{self, Divergence, Truth};
use sim_array::stepped::Stepped;
use sim_core::record::EngineKind;
use sim_core::spec::ArraySpec;
use sim_simd::integer::Kernels;

/// All engines. What they know of a PE is kept here from product to product, so one value for many products is best;
/// values side by side do not influence each other.
#[derive(Debug, Default)]
pub struct Engines {
    algebraic: Algebraic,
    stepped: Stepped,
}

impl Engines {
    /// Engines that multiply with these kernels; the default has the fastest of this processor.
    pub fn on(kernels: Kernels) -> Self {
        Self {
            algebraic: Algebraic::on(kernels),
            stepped: Stepped::on(kernels),
        }
    }

    /// The engine of a kind.
    pub fn of(&self, kind: EngineKind) -> &dyn Engine {
        match kind {
            EngineKind::Algebraic => &self.algebraic,
            EngineKind::Stepped => &self.stepped,
            EngineKind::Clock => &Clock,
        }
    }

    /// The algebraic engine.
    pub const fn algebraic(&self) -> &Algebraic {
        &self.algebraic
    }

    /// The fast clock.
    pub const fn stepped(&self) -> Stepped {
        self.stepped
    }

    /// Hold the engines to `truth`, as [`lockstep::check`] does.
    ///
    /// - Errors: those of [`Engine::run`], where all engines refuse alike.
    pub fn check(
        &self,
        array: &ArraySpec,
        operands: &Operands<'_>,
        truth: Truth,
    ) -> Result<Option<Divergence>, EngineError> {
        lockstep::check(array, operands, truth, self.stepped, &self.algebraic)
    }
}
