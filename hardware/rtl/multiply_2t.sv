// Two threads on one 8b×8b multiplier, built of two halves of 4b×8b with a shifter each.
//
// One active thread uses both halves: the high and the low nibble of its activation (of its weight, where the policy
// reduces weights). Two active threads use one half each, with operands as `two_thread_ports` says.
`include "names.svh"

module multiply_2t #(
    parameter int BASE = `BASE_A,
    parameter int SPARSITY = 1,
    parameter int FLOOR = 0,
    parameter int EXTEND = 0
) (
    input  logic        [15:0] activations,
    input  logic        [15:0] weights,
    output logic signed [17:0] product
);
    localparam int PORT_BITS = EXTEND != 0 ? 6 : 5;
    localparam int HALF_BITS = PORT_BITS + 9;

    logic [7:0] x0, x1, w0, w1;
    assign {x1, x0} = activations;
    assign {w1, w0} = weights;

    // The ports of a collision.
    logic signed [PORT_BITS-1:0] port4_0, port4_1;
    logic signed [8:0] port8_0, port8_1;
    logic shift4_0, shift4_1;
    two_thread_ports #(
        .BASE(BASE),
        .FLOOR(FLOOR),
        .EXTEND(EXTEND),
        .PORT_BITS(PORT_BITS)
    ) u_ports_0 (
        .activation(x0),
        .weight(w0),
        .port4(port4_0),
        .port8(port8_0),
        .shift4(shift4_0)
    );
    two_thread_ports #(
        .BASE(BASE),
        .FLOOR(FLOOR),
        .EXTEND(EXTEND),
        .PORT_BITS(PORT_BITS)
    ) u_ports_1 (
        .activation(x1),
        .weight(w1),
        .port4(port4_1),
        .port8(port8_1),
        .shift4(shift4_1)
    );

    // The halves' operands.
    logic signed [PORT_BITS-1:0] narrow_high, narrow_low;
    logic signed [8:0] wide_high, wide_low;
    logic shift_high, shift_low;
    generate
        if (SPARSITY != 0) begin : g_sparsity
            logic active0, active1, collide;
            assign active0 = (|x0) & (|w0);
            assign active1 = (|x1) & (|w1);
            assign collide = active0 & active1;

            logic [7:0] x, w;
            assign x = active1 ? x1 : x0;
            assign w = active1 ? w1 : w0;

            logic signed [PORT_BITS-1:0] alone_high, alone_low;
            logic signed [8:0] alone_wide;
            if (BASE == `BASE_W || BASE == `BASE_aW) begin : g_split_weight
                assign alone_high = {{(PORT_BITS - 4) {w[7]}}, w[7:4]};
                assign alone_low  = {{(PORT_BITS - 4) {1'b0}}, w[3:0]};
                assign alone_wide = {1'b0, x};
            end else begin : g_split_activation
                assign alone_high = {{(PORT_BITS - 4) {1'b0}}, x[7:4]};
                assign alone_low  = {{(PORT_BITS - 4) {1'b0}}, x[3:0]};
                assign alone_wide = {w[7], w};
            end
            assign narrow_high = collide ? port4_0 : alone_high;
            assign narrow_low  = collide ? port4_1 : alone_low;
            assign wide_high   = collide ? port8_0 : alone_wide;
            assign wide_low    = collide ? port8_1 : alone_wide;
            assign shift_high  = collide ? shift4_0 : 1'b1;
            assign shift_low   = collide & shift4_1;
        end else begin : g_always_full
            assign narrow_high = port4_0;
            assign narrow_low  = port4_1;
            assign wide_high   = port8_0;
            assign wide_low    = port8_1;
            assign shift_high  = shift4_0;
            assign shift_low   = shift4_1;
        end
    endgenerate

    // The multiplier.
    logic signed [HALF_BITS-1:0] half_high, half_low;
    assign half_high = narrow_high * wide_high;
    assign half_low  = narrow_low * wide_low;

    logic signed [17:0] placed_high, placed_low;
    assign placed_high = shift_high ? 18'(half_high) <<< 4 : 18'(half_high);
    assign placed_low  = shift_low ? 18'(half_low) <<< 4 : 18'(half_low);
    assign product = placed_high + placed_low;
endmodule
