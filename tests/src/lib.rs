//! Tests that span crates: golden operands, engine contract, the binary.
