// An output-stationary array of ROWS × COLS processing elements.
//
// In each cycle the array names the step and the tile whose operands it wants, and takes them in the same cycle: a bus
// of raw activations per row, and a bus of weights per column, zeros where there is no output. The product leaves at
// the bottom, row ROWS - 1 of a tile first.
`include "names.svh"

module systolic_array #(
    parameter int ROWS = 4,
    parameter int COLS = 4,
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
    parameter int STEP_BITS = 17,
    parameter int TILE_BITS = 24,
    // What the left edge takes, what moves right behind it, and what moves down.
    parameter int RAW_BITS = 8,
    parameter int A_BITS = 8,
    parameter int W_BITS = 8
) (
    input  logic                     clk,
    input  logic                     rst,
    input  logic                     start,
    input  logic                     serial,
    input  logic [    STEP_BITS-1:0] n_steps,
    input  logic [    TILE_BITS-1:0] n_tiles,
    output logic [    STEP_BITS-1:0] step,
    output logic [    TILE_BITS-1:0] tile,
    output logic [`CONTROL_BITS-1:0] control,
    input  logic [ ROWS*RAW_BITS-1:0] activations,
    input  logic [   COLS*W_BITS-1:0] weights,
`ifdef HOLD
    // Outputs that are skipped: bit r·COLS + c is read r + c cycles after the array has named the first step of a tile.
    input  logic [     ROWS*COLS-1:0] skip,
`endif
    output logic [         COLS-1:0] leaves,
    output logic [      COLS*32-1:0] results
);
    logic [COLS-1:0] last_leaves;
    sequencer #(
        .ROWS(ROWS),
        .STEP_BITS(STEP_BITS),
        .TILE_BITS(TILE_BITS)
    ) u_sequencer (
        .clk(clk),
        .rst(rst),
        .start(start),
        .serial(serial),
        .n_steps(n_steps),
        .n_tiles(n_tiles),
        .tile_has_left(last_leaves[COLS-1]),
        .step(step),
        .tile(tile),
        .control(control)
    );

    // Entry (r, c) of each is what reaches PE (r, c) from the left, from the top, and from above on the way out.
    localparam int A_ALL = ROWS * (COLS + 1);
    localparam int W_ALL = (ROWS + 1) * COLS;
    logic [A_BITS*A_ALL-1:0] a_bus;
    logic [`CONTROL_BITS*A_ALL-1:0] control_bus;
    logic [W_BITS*W_ALL-1:0] w_bus;
    logic [32*W_ALL-1:0] shadow_bus;
    logic [W_ALL-1:0] parity_bus;
    logic [`CONTROL_BITS*ROWS*COLS-1:0] final_bus;
    logic [COLS-1:0] drain, drain_parity;

    genvar r, c;
    generate
        for (r = 0; r < ROWS; r = r + 1) begin : g_left
            logic [A_BITS-1:0] entering;
            if (KIND == `KIND_SPARQ) begin : g_window
                localparam int HALF = BITS + CODE_BITS;
                logic [BITS-1:0] nibble0, nibble1;
                logic [CODE_BITS-1:0] code0, code1;
                logic [1:0] both;
                sparq_window #(
                    .BITS(BITS),
                    .STEP(STEP),
                    .LAST(LAST),
                    .CODE_BITS(CODE_BITS),
                    .ROUND(ROUND),
                    .PAIRS(PAIRS)
                ) u_window (
                    .activations(activations[RAW_BITS*r+:RAW_BITS]),
                    .nibble0(nibble0),
                    .nibble1(nibble1),
                    .code0(code0),
                    .code1(code1),
                    .both(both)
                );
                assign entering[2*HALF-1:0] = {code1, nibble1, code0, nibble0};
                if (PAIRS != 0) begin : g_both
                    assign entering[2*HALF+:2] = both;
                end else begin : g_no_both
                    logic unused;
                    assign unused = &{1'b0, both};
                end
            end else begin : g_raw
                assign entering = activations[RAW_BITS*r+:RAW_BITS];
            end
            skew #(
                .LENGTH(r),
                .BITS  (A_BITS + `CONTROL_BITS)
            ) u_skew (
                .clk(clk),
                .rst(rst),
                .in ({control, entering}),
                .out({
                    control_bus[`CONTROL_BITS*(r*(COLS+1))+:`CONTROL_BITS], a_bus[A_BITS*(r*(COLS+1))+:A_BITS]
                })
            );
        end
        for (c = 0; c < COLS; c = c + 1) begin : g_top
            skew #(
                .LENGTH(c),
                .BITS  (W_BITS)
            ) u_skew (
                .clk(clk),
                .rst(rst),
                .in (weights[W_BITS*c+:W_BITS]),
                .out(w_bus[W_BITS*c+:W_BITS])
            );
            // Nothing stands above the top row, so its parity never fits.
            assign shadow_bus[32*c+:32] = '0;
            assign parity_bus[c] = ~drain_parity[c];
            column_drain #(
                .ROWS(ROWS)
            ) u_drain (
                .clk(clk),
                .rst(rst),
                .bottom_finishes(
                    final_bus[`CONTROL_BITS*((ROWS-1)*COLS+c)+`VALID] &
                    final_bus[`CONTROL_BITS*((ROWS-1)*COLS+c)+`LAST]
                ),
                .bottom_parity(final_bus[`CONTROL_BITS*((ROWS-1)*COLS+c)+`PARITY]),
                .drain(drain[c]),
                .drain_parity(drain_parity[c]),
                .last_leaves(last_leaves[c])
            );
            assign leaves[c] = drain[c];
            assign results[32*c+:32] = shadow_bus[32*(ROWS*COLS+c)+:32];
        end
        for (r = 0; r < ROWS; r = r + 1) begin : g_row
            for (c = 0; c < COLS; c = c + 1) begin : g_col
                pe #(
                    .KIND(KIND),
                    .THREADS(THREADS),
                    .BASE(BASE),
                    .SPARSITY(SPARSITY),
                    .FLOOR(FLOOR),
                    .EXTEND(EXTEND),
                    .BITS(BITS),
                    .STEP(STEP),
                    .LAST(LAST),
                    .CODE_BITS(CODE_BITS),
                    .ROUND(ROUND),
                    .PAIRS(PAIRS),
                    .DEPTH(DEPTH),
                    .A_BITS(A_BITS),
                    .W_BITS(W_BITS)
                ) u_pe (
                    .clk(clk),
                    .rst(rst),
`ifdef HOLD
                    .skip(skip[r*COLS+c]),
`endif
                    .a_in(a_bus[A_BITS*(r*(COLS+1)+c)+:A_BITS]),
                    .control_in(control_bus[`CONTROL_BITS*(r*(COLS+1)+c)+:`CONTROL_BITS]),
                    .a_q(a_bus[A_BITS*(r*(COLS+1)+c+1)+:A_BITS]),
                    .control_q(control_bus[`CONTROL_BITS*(r*(COLS+1)+c+1)+:`CONTROL_BITS]),
                    .w_in(w_bus[W_BITS*(r*COLS+c)+:W_BITS]),
                    .w_q(w_bus[W_BITS*((r+1)*COLS+c)+:W_BITS]),
                    .drain(drain[c]),
                    .drain_parity(drain_parity[c]),
                    .shadow_in(shadow_bus[32*(r*COLS+c)+:32]),
                    .shadow_parity_in(parity_bus[r*COLS+c]),
                    .shadow_q(shadow_bus[32*((r+1)*COLS+c)+:32]),
                    .shadow_parity_q(parity_bus[(r+1)*COLS+c]),
                    .control_final(final_bus[`CONTROL_BITS*(r*COLS+c)+:`CONTROL_BITS])
                );
            end
        end
    endgenerate
endmodule
