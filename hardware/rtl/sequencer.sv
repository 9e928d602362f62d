// Which step of which tile enters row 0 and column 0.
//
// Pipelined: the next tile follows at once, but no tile starts sooner than R cycles after the one before, because a
// column needs R cycles to drain. Serial: a tile waits until the one before has left the last column.
`include "names.svh"

module sequencer #(
    parameter int ROWS = 4,
    parameter int STEP_BITS = 17,
    parameter int TILE_BITS = 24
) (
    input  logic                     clk,
    input  logic                     rst,
    input  logic                     start,
    input  logic                     serial,
    input  logic [    STEP_BITS-1:0] n_steps,
    input  logic [    TILE_BITS-1:0] n_tiles,
    input  logic                     tile_has_left,
    // The operands wanted in this cycle.
    output logic [    STEP_BITS-1:0] step,
    output logic [    TILE_BITS-1:0] tile,
    output logic [`CONTROL_BITS-1:0] control
);
    logic running;
    logic waits;
    logic [STEP_BITS-1:0] gap_left;
    logic issue, is_last;
    assign issue = running & (gap_left == '0) & (~waits | tile_has_left);
    assign is_last = step + STEP_BITS'(1) == n_steps;

    always_comb begin
        control = '0;
        control[`VALID] = issue;
        control[`FIRST] = issue & (step == '0);
        control[`LAST] = issue & is_last;
        control[`PARITY] = issue & tile[0];
    end

    logic [STEP_BITS-1:0] gap;
    assign gap = n_steps < STEP_BITS'(ROWS) ? STEP_BITS'(ROWS) - n_steps : '0;

    always_ff @(posedge clk) begin
        if (rst) begin
            running <= 1'b0;
            waits <= 1'b0;
            gap_left <= '0;
            step <= '0;
            tile <= '0;
        end else if (start) begin
            running <= 1'b1;
            waits <= 1'b0;
            gap_left <= '0;
            step <= '0;
            tile <= '0;
        end else if (issue) begin
            waits <= serial & is_last;
            step  <= is_last ? '0 : step + STEP_BITS'(1);
            if (is_last) begin
                tile <= tile + TILE_BITS'(1);
                gap_left <= serial ? '0 : gap;
                running <= tile + TILE_BITS'(1) != n_tiles;
            end
        end else if (gap_left != '0) begin
            gap_left <= gap_left - STEP_BITS'(1);
        end
    end
endmodule
