//! Arithmetic of the processing elements, one step at a time.
//!
//! Every function is pure, total and integer, and says what happened beside what it computed. The engines call
//! these and define no arithmetic of their own.

pub mod conventional;
pub mod lanes;
mod mask;
pub mod nbsmt;
pub mod operand;
pub mod sparq;
pub mod step;
