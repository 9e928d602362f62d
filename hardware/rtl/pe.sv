// A processing element: operands on their way right and down, a multiplier that threads share, an accumulator, and the
// shadow register through which a finished sum leaves.
//
// Operand buses, lowest bits first:
//   conventional, nb-smt  activation of each thread · weight of each thread
//   sparq                 nibble0, code0, nibble1, code1, both (with pairs) · two weights
//   sparq-stc             four activations · two weights, two positions
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
    // The output of the tile that begins is skipped: read with the tile's first step.
    input  logic                     skip,
`endif
    // Moving right.
    input  logic [       A_BITS-1:0] a_in,
    input  logic [`CONTROL_BITS-1:0] control_in,
    output logic [       A_BITS-1:0] a_q,
    output logic [`CONTROL_BITS-1:0] control_q,
    // Moving down.
    input  logic [       W_BITS-1:0] w_in,
    output logic [       W_BITS-1:0] w_q,
    // Leaving through the column.
    input  logic                     drain,
    input  logic                     drain_parity,
    input  logic [             31:0] shadow_in,
    input  logic                     shadow_parity_in,
    output logic [             31:0] shadow_q,
    output logic                     shadow_parity_q,
    // The control word at the last pipeline stage.
    output logic [`CONTROL_BITS-1:0] control_final
);
    localparam int PRODUCT_BITS = KIND == `KIND_NBSMT ? (THREADS == 4 ? 19 : THREADS == 2 ? 18 : 16)
                                : KIND == `KIND_CONVENTIONAL ? 16 : 17;

    // The operands that this PE multiplies now go to its neighbours at the next edge. Only control is reset: a bubble's
    // operands are zero anyway.
    always_ff @(posedge clk) begin
        a_q <= a_in;
        w_q <= w_in;
        control_q <= rst ? '0 : control_in;
    end

`ifdef HOLD
    // What is multiplied. For a skipped output it is zero, so the product, the sum and the accumulator stay zero while
    // operands pass. A zero weight keeps a multiplier still; threads that share one also choose by their activations.
    logic holds_q;
    always_ff @(posedge clk) if (control_in[`FIRST]) holds_q <= skip;
    logic [A_BITS-1:0] held_a;
    logic [W_BITS-1:0] held_w;
    assign held_a = a_q & {A_BITS{~(holds_q & (KIND == `KIND_NBSMT) & (THREADS != 1))}};
    assign held_w = w_q & {W_BITS{~holds_q}};
`endif

    logic signed [PRODUCT_BITS-1:0] product;
    generate
        if (KIND == `KIND_SPARQ) begin : g_sparq
            localparam int HALF = BITS + CODE_BITS;
            logic [1:0] both;
            if (PAIRS != 0) begin : g_pairs
                assign both = `MULTIPLIED_A[2*HALF+:2];
            end else begin : g_alone
                assign both = 2'b00;
            end
            multiply_sparq #(
                .BITS(BITS),
                .STEP(STEP),
                .LAST(LAST),
                .CODE_BITS(CODE_BITS)
            ) u_multiply (
                .nibble0(`MULTIPLIED_A[0+:BITS]),
                .code0(`MULTIPLIED_A[BITS+:CODE_BITS]),
                .nibble1(`MULTIPLIED_A[HALF+:BITS]),
                .code1(`MULTIPLIED_A[HALF+BITS+:CODE_BITS]),
                .both(both),
                .weights(`MULTIPLIED_W[15:0]),
                .product(product)
            );
        end else if (KIND == `KIND_SPARQ_STC) begin : g_sparq_stc
            logic [15:0] picked;
            logic [BITS-1:0] nibble0, nibble1;
            logic [CODE_BITS-1:0] code0, code1;
            logic [1:0] both;
            select_2of4 u_select (
                .activations(`MULTIPLIED_A[31:0]),
                .weights(`MULTIPLIED_W[15:0]),
                .positions(`MULTIPLIED_W[19:16]),
                .picked(picked)
            );
            sparq_window #(
                .BITS(BITS),
                .STEP(STEP),
                .LAST(LAST),
                .CODE_BITS(CODE_BITS),
                .ROUND(ROUND),
                .PAIRS(PAIRS)
            ) u_window (
                .activations(picked),
                .nibble0(nibble0),
                .nibble1(nibble1),
                .code0(code0),
                .code1(code1),
                .both(both)
            );
            multiply_sparq #(
                .BITS(BITS),
                .STEP(STEP),
                .LAST(LAST),
                .CODE_BITS(CODE_BITS)
            ) u_multiply (
                .nibble0(nibble0),
                .code0(code0),
                .nibble1(nibble1),
                .code1(code1),
                .both(both),
                .weights(`MULTIPLIED_W[15:0]),
                .product(product)
            );
        end else if (KIND == `KIND_NBSMT && THREADS == 4) begin : g_4t
            multiply_4t #(
                .BASE(BASE),
                .SPARSITY(SPARSITY),
                .FLOOR(FLOOR),
                .EXTEND(EXTEND)
            ) u_multiply (
                .activations(`MULTIPLIED_A[31:0]),
                .weights(`MULTIPLIED_W[31:0]),
                .product(product)
            );
        end else if (KIND == `KIND_NBSMT && THREADS == 2) begin : g_2t
            multiply_2t #(
                .BASE(BASE),
                .SPARSITY(SPARSITY),
                .FLOOR(FLOOR),
                .EXTEND(EXTEND)
            ) u_multiply (
                .activations(`MULTIPLIED_A[15:0]),
                .weights(`MULTIPLIED_W[15:0]),
                .product(product)
            );
        end else begin : g_1t
            multiply_1t u_multiply (
                .activation(`MULTIPLIED_A[7:0]),
                .weight(`MULTIPLIED_W[7:0]),
                .product(product)
            );
        end
    endgenerate

    // Stages between the multiplier and the accumulator.
    logic signed [PRODUCT_BITS-1:0] product_final;
    generate
        if (DEPTH == 1) begin : g_single_cycle
            assign product_final = product;
            assign control_final = control_q;
        end else begin : g_pipeline
            logic signed [PRODUCT_BITS-1:0] product_stage[DEPTH-1];
            logic [`CONTROL_BITS-1:0] control_stage[DEPTH-1];
            always_ff @(posedge clk) begin
                product_stage[0] <= product;
                control_stage[0] <= rst ? '0 : control_q;
                for (int s = 1; s < DEPTH - 1; s = s + 1) begin
                    product_stage[s] <= product_stage[s-1];
                    control_stage[s] <= rst ? '0 : control_stage[s-1];
                end
            end
            assign product_final = product_stage[DEPTH-2];
            assign control_final = control_stage[DEPTH-2];
        end
    endgenerate

    // A finished sum goes to the accumulator and to the shadow register at the same edge. A load and a move never meet:
    // the PE above loaded its own result, of the new parity, one cycle before.
    logic [31:0] accumulator_q;
    logic [31:0] sum;
    assign sum = (control_final[`FIRST] ? 32'd0 : accumulator_q) + 32'(product_final);
    logic loads, moves;
    assign loads = control_final[`VALID] & control_final[`LAST];
    assign moves = drain & (shadow_parity_q == drain_parity) & (shadow_parity_in == drain_parity);
    always_ff @(posedge clk) begin
        if (control_final[`VALID]) accumulator_q <= sum;
        if (loads) begin
            shadow_q <= sum;
            shadow_parity_q <= control_final[`PARITY];
        end else if (moves) begin
            shadow_q <= shadow_in;
            shadow_parity_q <= shadow_parity_in;
        end
    end
endmodule
