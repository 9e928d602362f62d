// The two activations of a group of four that two weights meet; a missing weight meets zero.
module select_2of4 (
    input  logic [31:0] activations,
    input  logic [15:0] weights,
    input  logic [ 3:0] positions,
    output logic [15:0] picked
);
    genvar i;
    generate
        for (i = 0; i < 2; i = i + 1) begin : g_pick
            logic [1:0] at;
            assign at = positions[2*i+:2];
            assign picked[8*i+:8] = {8{|weights[8*i+:8]}} & activations[8*at+:8];
        end
    endgenerate
endmodule
