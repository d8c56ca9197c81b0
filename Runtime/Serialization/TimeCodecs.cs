namespace EsoCore.Runtime.Serialization;

/// <summary>A point in time: ticks of UTC, or with another offset its local ticks and the offset in minutes.</summary>
internal sealed class DateTimeOffsetCodec : Codec<DateTimeOffset>
{
    private const int MaxOffsetMinutes = 14 * 60;

    public override void Write(ref MessageWriter writer, uint id, DateTimeOffset value)
    {
        if (value.Offset == TimeSpan.Zero) writer.WriteFixed64(id, (ulong)value.Ticks);
        else writer.WriteFixed128(id, new UInt128((ulong)(MaxOffsetMinutes + value.TotalOffsetMinutes), (ulong)value.Ticks));
    }

    public override DateTimeOffset Read(ref MessageReader reader, WireType type)
    {
        ulong ticks, offset = MaxOffsetMinutes;
        if (type == WireType.Fixed64)
        {
            ticks = reader.ReadFixed64(type);
        }
        else
        {
            UInt128 both = reader.ReadFixed128(type);
            ticks = (ulong)both;
            offset = (ulong)(both >> 64);
        }

        if (offset > 2 * MaxOffsetMinutes) throw reader.Malformed("a time with an offset of more than 14 hours");
        TimeSpan shift = TimeSpan.FromMinutes((int)offset - MaxOffsetMinutes);
        long utc = ticks <= (ulong)DateTime.MaxValue.Ticks ? (long)ticks - shift.Ticks : -1;
        if (utc < 0 || utc > DateTime.MaxValue.Ticks) throw reader.Malformed("a time beyond the calendar");
        return new DateTimeOffset((long)ticks, shift);
    }
}

/// <summary>A date and time: ticks and kind.</summary>
internal sealed class DateTimeCodec : Codec<DateTime>
{
    public override void Write(ref MessageWriter writer, uint id, DateTime value) =>
        writer.WriteFixed64(id, (ulong)value.Ticks << 2 | (uint)value.Kind);

    public override DateTime Read(ref MessageReader reader, WireType type)
    {
        ulong both = reader.ReadFixed64(type);
        ulong ticks = both >> 2, kind = both & 3;
        if (ticks > (ulong)DateTime.MaxValue.Ticks || kind > (ulong)DateTimeKind.Local)
            throw reader.Malformed("a time beyond the calendar");
        return new DateTime((long)ticks, (DateTimeKind)kind);
    }
}

/// <summary>A day by its number.</summary>
internal sealed class DateOnlyCodec : Codec<DateOnly>
{
    public override void Write(ref MessageWriter writer, uint id, DateOnly value) => writer.WriteVarint(id, (ulong)value.DayNumber);

    public override DateOnly Read(ref MessageReader reader, WireType type)
    {
        ulong day = reader.ReadVarint(type);
        if (day > (ulong)DateOnly.MaxValue.DayNumber) throw reader.Malformed("a day beyond the calendar");
        return DateOnly.FromDayNumber((int)day);
    }
}

/// <summary>A time of day by its ticks.</summary>
internal sealed class TimeOnlyCodec : Codec<TimeOnly>
{
    public override void Write(ref MessageWriter writer, uint id, TimeOnly value) => writer.WriteVarint(id, (ulong)value.Ticks);

    public override TimeOnly Read(ref MessageReader reader, WireType type)
    {
        ulong ticks = reader.ReadVarint(type);
        return ticks <= (ulong)TimeOnly.MaxValue.Ticks ? new TimeOnly((long)ticks) : throw reader.Malformed("a time beyond the day");
    }
}
