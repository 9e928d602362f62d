// What a thread sends to its half of the multiplier when two threads collide: a 4-bit port, an 8-bit port, and whether
// the product moves up by four bits.
`include "names.svh"

module two_thread_ports #(
    parameter int BASE = `BASE_A,
    parameter int FLOOR = 0,
    parameter int EXTEND = 0,
    parameter int PORT_BITS = 5
) (
    input  logic        [          7:0] activation,
    input  logic        [          7:0] weight,
    output logic signed [PORT_BITS-1:0] port4,
    output logic signed [          8:0] port8,
    output logic                        shift4
);
    logic wide_activation;
    logic wide_weight;
    assign wide_activation = |activation[7:4];
    assign wide_weight = ~((&weight[7:3]) | ~(|weight[7:3]));

    logic signed [PORT_BITS-1:0] narrow_activation;
    logic signed [PORT_BITS-1:0] narrow_weight;
    assign narrow_activation = {{(PORT_BITS - 4) {1'b0}}, activation[3:0]};
    assign narrow_weight = {{(PORT_BITS - 4) {weight[3]}}, weight[3:0]};

    // Which operand takes the 4-bit port, and whether it is reduced to fit.
    logic weight_on_port4;
    generate
        if (BASE == `BASE_A0) begin : g_a0
            assign weight_on_port4 = 1'b0;
            assign shift4 = 1'b1;
        end else if (BASE == `BASE_A) begin : g_a
            assign weight_on_port4 = 1'b0;
            assign shift4 = wide_activation;
        end else if (BASE == `BASE_Aw) begin : g_aw
            // A narrow weight takes the port of a wide activation: the operands swap.
            assign weight_on_port4 = wide_activation & ~wide_weight;
            assign shift4 = wide_activation & wide_weight;
        end else if (BASE == `BASE_W) begin : g_w
            assign weight_on_port4 = 1'b1;
            assign shift4 = wide_weight;
        end else begin : g_aw_weight
            assign weight_on_port4 = ~(wide_weight & ~wide_activation);
            assign shift4 = wide_weight & wide_activation;
        end
    endgenerate

    logic signed [PORT_BITS-1:0] reduced;
    generate
        if (BASE == `BASE_W || BASE == `BASE_aW) begin : g_reduce_weight
            reduce #(
                .SIGNED_OPERAND(1),
                .FLOOR(FLOOR),
                .EXTEND(EXTEND),
                .PORT_BITS(PORT_BITS)
            ) u_reduce (
                .operand(weight),
                .nibble (reduced)
            );
        end else begin : g_reduce_activation
            reduce #(
                .SIGNED_OPERAND(0),
                .FLOOR(FLOOR),
                .EXTEND(EXTEND),
                .PORT_BITS(PORT_BITS)
            ) u_reduce (
                .operand(activation),
                .nibble (reduced)
            );
        end
    endgenerate

    assign port4 = shift4 ? reduced : weight_on_port4 ? narrow_weight : narrow_activation;
    assign port8 = weight_on_port4 ? $signed({1'b0, activation}) : $signed({weight[7], weight});
endmodule
