// A PE that is compiled apart: the parameters and ports of `pe`, and the block in its place. The block was made for these
// parameters; it takes none.
`include "names.svh"

module pe #(
    parameter int KIND = `KIND_CONVENTIONAL,
    parameter int THREADS = 1,
    parameter int BASE = `BASE_A,
    parameter int SPARSITY = 1,
    parameter int FLOOR = 0,
    parameter int EXTEND = 0,
    parameter int BITS = 4,
    parameter int STEP = 1,
    parameter int LAST = 4,
    parameter int CODE_BITS = 3,
    parameter int ROUND = 1,
    parameter int PAIRS = 1,
    parameter int DEPTH = 1,
    parameter int A_BITS = 8,
    parameter int W_BITS = 8
) (
    input  logic                     clk,
    input  logic                     rst,
`ifdef HOLD
    input  logic                     skip,
`endif
    input  logic [       A_BITS-1:0] a_in,
    input  logic [`CONTROL_BITS-1:0] control_in,
    output logic [       A_BITS-1:0] a_q,
    output logic [`CONTROL_BITS-1:0] control_q,
    input  logic [       W_BITS-1:0] w_in,
    output logic [       W_BITS-1:0] w_q,
    input  logic                     drain,
    input  logic                     drain_parity,
    input  logic [             31:0] shadow_in,
    input  logic                     shadow_parity_in,
    output logic [             31:0] shadow_q,
    output logic                     shadow_parity_q,
    output logic [`CONTROL_BITS-1:0] control_final
);
`ifndef GATES
    logic [31:0] accumulator_q;
`endif
    pe_block u_block (
`ifndef GATES
        .accumulator_q(accumulator_q),
`endif
        .clk(clk),
        .rst(rst),
`ifdef HOLD
        .skip(skip),
`endif
        .a_in(a_in),
        .control_in(control_in),
        .a_q(a_q),
        .control_q(control_q),
        .w_in(w_in),
        .w_q(w_q),
        .drain(drain),
        .drain_parity(drain_parity),
        .shadow_in(shadow_in),
        .shadow_parity_in(shadow_parity_in),
        .shadow_q(shadow_q),
        .shadow_parity_q(shadow_parity_q),
        .control_final(control_final)
    );
endmodule
