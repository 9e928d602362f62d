// The array with every register of every PE in the open. Registers of PE (r, c) are entry r·COLS + c of each port; ports
// are at least three words wide, so that all of them reach C++ as arrays of 32-bit words.
`include "names.svh"

module lockstep_top #(
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
    parameter int RAW_BITS = 8,
    parameter int A_BITS = 8,
    parameter int W_BITS = 8,
    parameter int ACTIVATIONS_IN_BITS = 96,
    parameter int WEIGHTS_IN_BITS = 96,
    parameter int SKIP_IN_BITS = 96,
    parameter int RESULTS_BITS = 128,
    parameter int ACTIVATIONS_BITS = 128,
    parameter int WEIGHTS_BITS = 128,
    parameter int CONTROLS_BITS = 96,
    parameter int ACCUMULATORS_BITS = 512,
    parameter int PARITIES_BITS = 96,
    parameter int STAGES_BITS = 96,
    parameter int STAGE_CONTROLS_BITS = 96,
    parameter int HOLDS_BITS = 96
) (
    input  logic                           clk,
    // Bit 0 resets, bit 1 starts, bit 2 asks for serial tiles.
    input  logic [                   31:0] command,
    input  logic [                   31:0] n_steps,
    input  logic [                   31:0] n_tiles,
    input  logic [ACTIVATIONS_IN_BITS-1:0] activations_in,
    input  logic [    WEIGHTS_IN_BITS-1:0] weights_in,
    input  logic [       SKIP_IN_BITS-1:0] skip_in,
    output logic [                   31:0] step,
    output logic [                   31:0] tile,
    output logic [                   31:0] control,
    // A word per column: 1 where a result leaves in this cycle.
    output logic [       RESULTS_BITS-1:0] leaves,
    output logic [       RESULTS_BITS-1:0] results,
    output logic [   ACTIVATIONS_BITS-1:0] activations,
    output logic [       WEIGHTS_BITS-1:0] weights,
    output logic [      CONTROLS_BITS-1:0] controls,
    output logic [  ACCUMULATORS_BITS-1:0] accumulators,
    output logic [  ACCUMULATORS_BITS-1:0] shadows,
    output logic [      PARITIES_BITS-1:0] parities,
    output logic [        STAGES_BITS-1:0] stages,
    output logic [STAGE_CONTROLS_BITS-1:0] stage_controls,
    output logic [         HOLDS_BITS-1:0] holds
);
    localparam int STEP_BITS = 17;
    localparam int TILE_BITS = 24;
    logic [COLS-1:0] column_leaves;
    logic [32*COLS-1:0] column_results;

    systolic_array #(
        .ROWS(ROWS),
        .COLS(COLS),
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
        .STEP_BITS(STEP_BITS),
        .TILE_BITS(TILE_BITS),
        .RAW_BITS(RAW_BITS),
        .A_BITS(A_BITS),
        .W_BITS(W_BITS)
    ) dut (
        .clk(clk),
        .rst(command[0]),
        .start(command[1]),
        .serial(command[2]),
        .n_steps(n_steps[STEP_BITS-1:0]),
        .n_tiles(n_tiles[TILE_BITS-1:0]),
        .step(step[STEP_BITS-1:0]),
        .tile(tile[TILE_BITS-1:0]),
        .control(control[`CONTROL_BITS-1:0]),
        .activations(activations_in[ROWS*RAW_BITS-1:0]),
        .weights(weights_in[COLS*W_BITS-1:0]),
`ifdef HOLD
        .skip(skip_in[ROWS*COLS-1:0]),
`endif
        .leaves(column_leaves),
        .results(column_results)
    );
    assign step[31:STEP_BITS] = '0;
    assign tile[31:TILE_BITS] = '0;
    assign control[31:`CONTROL_BITS] = '0;

    always_comb begin
        leaves = '0;
        results = '0;
        results[32*COLS-1:0] = column_results;
        for (int c = 0; c < COLS; c = c + 1) leaves[32*c] = column_leaves[c];
    end

    genvar r, c, s;
    generate
        for (r = 0; r < ROWS; r = r + 1) begin : g_row
            for (c = 0; c < COLS; c = c + 1) begin : g_col
                localparam int I = r * COLS + c;
                assign activations[A_BITS*I+:A_BITS] = dut.g_row[r].g_col[c].u_pe.a_q;
                assign weights[W_BITS*I+:W_BITS] = dut.g_row[r].g_col[c].u_pe.w_q;
                assign controls[`CONTROL_BITS*I+:`CONTROL_BITS] = dut.g_row[r].g_col[c].u_pe.control_q;
                assign shadows[32*I+:32] = dut.g_row[r].g_col[c].u_pe.shadow_q;
                assign parities[I] = dut.g_row[r].g_col[c].u_pe.shadow_parity_q;
`ifdef GATES
                assign accumulators[32*I+:32] = '0;
`else
                assign accumulators[32*I+:32] = dut.g_row[r].g_col[c].u_pe.accumulator_q;
`endif
`ifdef HOLD
`ifndef BLOCK
                assign holds[I] = dut.g_row[r].g_col[c].u_pe.holds_q;
`endif
`endif
`ifndef BLOCK
                for (s = 0; s < DEPTH - 1; s = s + 1) begin : g_stage
                    localparam int J = s * ROWS * COLS + I;
                    assign stages[32*J+:32] = 32'(dut.g_row[r].g_col[c].u_pe.g_pipeline.product_stage[s]);
                    assign stage_controls[`CONTROL_BITS*J+:`CONTROL_BITS] =
                        dut.g_row[r].g_col[c].u_pe.g_pipeline.control_stage[s];
                end
`endif
            end
        end
    endgenerate
endmodule
