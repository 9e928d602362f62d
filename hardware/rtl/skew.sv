// A delay of LENGTH cycles, so that row r and column r see a step r cycles later.
module skew #(
    parameter int LENGTH = 0,
    parameter int BITS = 8
) (
    input  logic            clk,
    input  logic            rst,
    input  logic [BITS-1:0] in,
    output logic [BITS-1:0] out
);
    generate
        if (LENGTH == 0) begin : g_wire
            assign out = in;
            logic unused;
            assign unused = &{1'b0, clk, rst};
        end else begin : g_delay
            logic [BITS-1:0] stage[LENGTH];
            always_ff @(posedge clk) begin
                stage[0] <= rst ? '0 : in;
                for (int s = 1; s < LENGTH; s = s + 1) stage[s] <= rst ? '0 : stage[s-1];
            end
            assign out = stage[LENGTH-1];
        end
    endgenerate
endmodule
