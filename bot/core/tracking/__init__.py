"""What clients of other systems track, understood: Segment's wire format, made into messages of ours."""
