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

`endif
