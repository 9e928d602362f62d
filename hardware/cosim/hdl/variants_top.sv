// Every NB-SMT multiplier and every SPARQ window side by side on the same operands; product v is word v.
//
// NB-SMT: v = (((threads / 4) · 9 + policy) · 2 + FLOOR) · 2 + EXTEND, policies in the order S A W Aw aW S+A S+W S+Aw
// S+aW. SPARQ: v = 72 + (window · 2 + ROUND) · 2 + PAIRS, windows in the order 5opt 3opt 2opt 6opt 7opt.
`include "names.svh"

module variants_top #(
    parameter int PRODUCTS_BITS = 32 * 92
) (
    input  logic                     clk,
    input  logic [             31:0] activations,
    input  logic [             31:0] weights,
    output logic [PRODUCTS_BITS-1:0] products
);
    function automatic int base_of(int policy);
        case (policy)
            0: return `BASE_A0;
            1, 5: return `BASE_A;
            2, 6: return `BASE_W;
            3, 7: return `BASE_Aw;
            default: return `BASE_aW;
        endcase
    endfunction

    genvar p, f, e, w, r, b;
    generate
        for (p = 0; p < 9; p = p + 1) begin : g_policy
            for (f = 0; f < 2; f = f + 1) begin : g_floor
                for (e = 0; e < 2; e = e + 1) begin : g_extend
                    localparam int SPARSITY = (p == 0 || p >= 5) ? 1 : 0;
                    localparam int V = (p * 2 + f) * 2 + e;
                    logic signed [17:0] two;
                    logic signed [18:0] four;
                    multiply_2t #(
                        .BASE(base_of(p)),
                        .SPARSITY(SPARSITY),
                        .FLOOR(f),
                        .EXTEND(e)
                    ) u_two (
                        .activations(activations[15:0]),
                        .weights(weights[15:0]),
                        .product(two)
                    );
                    multiply_4t #(
                        .BASE(base_of(p)),
                        .SPARSITY(SPARSITY),
                        .FLOOR(f),
                        .EXTEND(e)
                    ) u_four (
                        .activations(activations),
                        .weights(weights),
                        .product(four)
                    );
                    assign products[32*V+:32] = 32'(two);
                    assign products[32*(36+V)+:32] = 32'(four);
                end
            end
        end
        for (w = 0; w < 5; w = w + 1) begin : g_window
            localparam int BITS = w == 3 ? 3 : w == 4 ? 2 : 4;
            localparam int STEP = w == 1 ? 2 : w == 2 ? 4 : 1;
            localparam int CODE_BITS = w == 1 ? 2 : w == 2 ? 1 : 3;
            for (r = 0; r < 2; r = r + 1) begin : g_round
                for (b = 0; b < 2; b = b + 1) begin : g_pairs
                    localparam int V = 72 + (w * 2 + r) * 2 + b;
                    logic [BITS-1:0] nibble0, nibble1;
                    logic [CODE_BITS-1:0] code0, code1;
                    logic [1:0] both;
                    logic signed [16:0] pair;
                    sparq_window #(
                        .BITS(BITS),
                        .STEP(STEP),
                        .LAST(8 - BITS),
                        .CODE_BITS(CODE_BITS),
                        .ROUND(r),
                        .PAIRS(b)
                    ) u_window (
                        .activations(activations[15:0]),
                        .nibble0(nibble0),
                        .nibble1(nibble1),
                        .code0(code0),
                        .code1(code1),
                        .both(both)
                    );
                    multiply_sparq #(
                        .BITS(BITS),
                        .STEP(STEP),
                        .LAST(8 - BITS),
                        .CODE_BITS(CODE_BITS)
                    ) u_multiply (
                        .nibble0(nibble0),
                        .code0(code0),
                        .nibble1(nibble1),
                        .code1(code1),
                        .both(both),
                        .weights(weights[15:0]),
                        .product(pair)
                    );
                    assign products[32*V+:32] = 32'(pair);
                end
            end
        end
    endgenerate

    logic unused;
    assign unused = clk;
endmodule
