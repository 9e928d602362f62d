// An 8-bit operand to the nearest multiple of 16, as the nibble above the four bits that go.
//
// SIGNED_OPERAND  1 for a weight, 0 for an activation.
// FLOOR           1 drops the low nibble, 0 rounds half to even.
// EXTEND          1 lets rounding overflow (16, or 8 for a weight), which takes a wider port; 0 saturates.
module reduce #(
    parameter int SIGNED_OPERAND = 0,
    parameter int FLOOR = 0,
    parameter int EXTEND = 0,
    parameter int PORT_BITS = 5
) (
    input  logic        [          7:0] operand,
    output logic signed [PORT_BITS-1:0] nibble
);
    logic up;
    logic is_top;
    logic signed [PORT_BITS-1:0] high;

    generate
        if (SIGNED_OPERAND != 0) begin : g_weight
            assign high   = {{(PORT_BITS - 4) {operand[7]}}, operand[7:4]};
            assign is_top = operand[7:4] == 4'd7;
        end else begin : g_activation
            assign high   = {{(PORT_BITS - 4) {1'b0}}, operand[7:4]};
            assign is_top = operand[7:4] == 4'd15;
        end
        if (FLOOR != 0) begin : g_floor
            assign up = 1'b0;
        end else begin : g_half_even
            assign up = operand[3] & (operand[4] | (|operand[2:0]));
        end
    endgenerate

    logic add;
    assign add = up & ((EXTEND != 0) | ~is_top);
    assign nibble = high + {{(PORT_BITS - 1) {1'b0}}, add};
endmodule
