// Four threads on one 8b×8b multiplier, built of four parts of 4b×4b with a shifter each.
//
// One active thread uses all four parts, two active threads two parts each (4b×8b), three or four one part each.
`include "names.svh"

module multiply_4t #(
    parameter int BASE = `BASE_A,
    parameter int SPARSITY = 1,
    parameter int FLOOR = 0,
    parameter int EXTEND = 0
) (
    input  logic        [31:0] activations,
    input  logic        [31:0] weights,
    output logic signed [18:0] product
);
    localparam int PORT_BITS = EXTEND != 0 ? 6 : 5;
    localparam int PART_BITS = 2 * PORT_BITS;

    // The parts' operands when every active thread has one part: both reduced where wide.
    logic [4*PORT_BITS-1:0] full_x, full_w;
    logic [3:0] full_shift_x, full_shift_w;
    genvar t;
    generate
        for (t = 0; t < 4; t = t + 1) begin : g_full
            logic [7:0] x, w;
            assign x = activations[8*t+:8];
            assign w = weights[8*t+:8];
            logic wide_x, wide_w;
            assign wide_x = |x[7:4];
            assign wide_w = ~((&w[7:3]) | ~(|w[7:3]));
            logic signed [PORT_BITS-1:0] reduced_x, reduced_w;
            reduce #(
                .SIGNED_OPERAND(0),
                .FLOOR(FLOOR),
                .EXTEND(EXTEND),
                .PORT_BITS(PORT_BITS)
            ) u_reduce_x (
                .operand(x),
                .nibble (reduced_x)
            );
            reduce #(
                .SIGNED_OPERAND(1),
                .FLOOR(FLOOR),
                .EXTEND(EXTEND),
                .PORT_BITS(PORT_BITS)
            ) u_reduce_w (
                .operand(w),
                .nibble (reduced_w)
            );
            assign full_shift_x[t] = BASE == `BASE_A0 ? 1'b1 : wide_x;
            assign full_shift_w[t] = BASE == `BASE_A0 ? 1'b1 : wide_w;
            assign full_x[PORT_BITS*t+:PORT_BITS] =
                full_shift_x[t] ? reduced_x : {{(PORT_BITS - 4) {1'b0}}, x[3:0]};
            assign full_w[PORT_BITS*t+:PORT_BITS] =
                full_shift_w[t] ? reduced_w : {{(PORT_BITS - 4) {w[3]}}, w[3:0]};
        end
    endgenerate

    // What reaches the parts: operands, and a shift by 0, 4 or 8 bits.
    logic [4*PORT_BITS-1:0] part_x, part_w;
    logic [3:0] shift_x, shift_w;
    generate
        if (SPARSITY != 0) begin : g_sparsity
            logic [3:0] active;
            for (t = 0; t < 4; t = t + 1) begin : g_active
                assign active[t] = (|activations[8*t+:8]) & (|weights[8*t+:8]);
            end
            logic many, two;
            assign many = (active[0] & active[1] & (active[2] | active[3])) |
                          (active[2] & active[3] & (active[0] | active[1]));
            assign two = ~many & ((active[0] & active[1]) | (active[2] & active[3]) |
                                  ((active[0] | active[1]) & (active[2] | active[3])));

            // The first and the last active thread; with one they are the same.
            logic [7:0] x_first, w_first, x_last, w_last;
            assign x_first = active[0] ? activations[7:0] : active[1] ? activations[15:8]
                           : active[2] ? activations[23:16] : activations[31:24];
            assign w_first = active[0] ? weights[7:0] : active[1] ? weights[15:8]
                           : active[2] ? weights[23:16] : weights[31:24];
            assign x_last = active[3] ? activations[31:24] : active[2] ? activations[23:16]
                          : active[1] ? activations[15:8] : activations[7:0];
            assign w_last = active[3] ? weights[31:24] : active[2] ? weights[23:16]
                          : active[1] ? weights[15:8] : weights[7:0];

            logic signed [PORT_BITS-1:0] port4_first, port4_last;
            logic signed [8:0] port8_first, port8_last;
            logic shift4_first, shift4_last;
            two_thread_ports #(
                .BASE(BASE),
                .FLOOR(FLOOR),
                .EXTEND(EXTEND),
                .PORT_BITS(PORT_BITS)
            ) u_ports_first (
                .activation(x_first),
                .weight(w_first),
                .port4(port4_first),
                .port8(port8_first),
                .shift4(shift4_first)
            );
            two_thread_ports #(
                .BASE(BASE),
                .FLOOR(FLOOR),
                .EXTEND(EXTEND),
                .PORT_BITS(PORT_BITS)
            ) u_ports_last (
                .activation(x_last),
                .weight(w_last),
                .port4(port4_last),
                .port8(port8_last),
                .shift4(shift4_last)
            );

            // Two halves of 4b×8b: two threads, or the nibbles of one thread's activation.
            logic signed [PORT_BITS-1:0] half4_a, half4_b;
            logic signed [8:0] half8_a, half8_b;
            logic half_shift_a, half_shift_b;
            assign half4_a = two ? port4_first : {{(PORT_BITS - 4) {1'b0}}, x_first[7:4]};
            assign half4_b = two ? port4_last : {{(PORT_BITS - 4) {1'b0}}, x_first[3:0]};
            assign half8_a = two ? port8_first : $signed({w_first[7], w_first});
            assign half8_b = two ? port8_last : $signed({w_first[7], w_first});
            assign half_shift_a = ~two | shift4_first;
            assign half_shift_b = two & shift4_last;

            logic [PORT_BITS-1:0] high_a, high_b, low_a, low_b;
            assign high_a = {{(PORT_BITS - 5) {half8_a[8]}}, half8_a[8:4]};
            assign high_b = {{(PORT_BITS - 5) {half8_b[8]}}, half8_b[8:4]};
            assign low_a  = {{(PORT_BITS - 4) {1'b0}}, half8_a[3:0]};
            assign low_b  = {{(PORT_BITS - 4) {1'b0}}, half8_b[3:0]};

            assign part_x = many ? full_x : {half4_b, half4_b, half4_a, half4_a};
            assign part_w = many ? full_w : {low_b, high_b, low_a, high_a};
            assign shift_x = many ? full_shift_x : {half_shift_b, half_shift_b, half_shift_a, half_shift_a};
            assign shift_w = many ? full_shift_w : 4'b0101;
        end else begin : g_always_full
            assign part_x  = full_x;
            assign part_w  = full_w;
            assign shift_x = full_shift_x;
            assign shift_w = full_shift_w;
        end
    endgenerate

    // The multiplier.
    logic [4*19-1:0] placed;
    generate
        for (t = 0; t < 4; t = t + 1) begin : g_part
            logic signed [PORT_BITS-1:0] a, b;
            logic signed [PART_BITS-1:0] part;
            logic signed [18:0] once;
            assign a = part_x[PORT_BITS*t+:PORT_BITS];
            assign b = part_w[PORT_BITS*t+:PORT_BITS];
            assign part = a * b;
            assign once = shift_x[t] ? 19'(part) <<< 4 : 19'(part);
            assign placed[19*t+:19] = shift_w[t] ? once <<< 4 : once;
        end
    endgenerate
    assign product = $signed(placed[0+:19]) + $signed(placed[19+:19]) + $signed(placed[38+:19]) +
                     $signed(placed[57+:19]);
endmodule
