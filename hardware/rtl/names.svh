// Names for the values of parameters.
`ifndef NAMES_SVH
`define NAMES_SVH

// KIND
`define KIND_CONVENTIONAL 0
`define KIND_NBSMT 1
`define KIND_SPARQ 2
`define KIND_SPARQ_STC 3

// BASE: what two colliding threads reduce
`define BASE_A0 0
`define BASE_A 1
`define BASE_Aw 2
`define BASE_W 3
`define BASE_aW 4

// Bits of the control word that travels with the activations
`define VALID 0
`define FIRST 1
`define LAST 2
`define PARITY 3
`define CONTROL_BITS 4

// What a PE multiplies. With HOLD defined, outputs may be skipped. A macro and not a parameter: without it the design is, to
// the token, the one that knows nothing of it, and is mapped to the same cells.
`ifdef HOLD
`define MULTIPLIED_A held_a
`define MULTIPLIED_W held_w
`else
`define MULTIPLIED_A a_q
`define MULTIPLIED_W w_q
`endif

`endif
