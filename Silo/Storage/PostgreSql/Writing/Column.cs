using Npgsql;
using NpgsqlTypes;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>A parameter of a group statement: one array, filled anew for each group.</summary>
internal abstract class Column
{
    /// <summary>The parameter.</summary>
    public abstract NpgsqlParameter Parameter { get; }

    /// <summary>Empties it.</summary>
    public abstract void Clear();
}

/// <summary>An array of values.</summary>
internal sealed class Column<T> : Column
{
    private readonly List<T> _values = [];
    private readonly NpgsqlParameter<List<T>> _parameter;

    public Column(NpgsqlDbType element) =>
        _parameter = new NpgsqlParameter<List<T>> { TypedValue = _values, NpgsqlDbType = NpgsqlDbType.Array | element };

    /// <inheritdoc/>
    public override NpgsqlParameter Parameter => _parameter;

    public void Add(T value) => _values.Add(value);

    /// <inheritdoc/>
    public override void Clear() => _values.Clear();
}

/// <summary>Makes the columns of a statement in their order.</summary>
internal sealed class ColumnSet
{
    private readonly List<Column> _columns = [];
    private readonly List<NpgsqlParameter> _parameters = [];

    /// <summary>All parameters, in order.</summary>
    public IReadOnlyList<NpgsqlParameter> Parameters => _parameters;

    public Column<long> Longs() => Keep(new Column<long>(NpgsqlDbType.Bigint));

    public Column<long?> LongsOrNull() => Keep(new Column<long?>(NpgsqlDbType.Bigint));

    public Column<int> Ints() => Keep(new Column<int>(NpgsqlDbType.Integer));

    public Column<bool> Bools() => Keep(new Column<bool>(NpgsqlDbType.Boolean));

    public Column<double> Doubles() => Keep(new Column<double>(NpgsqlDbType.Double));

    public Column<double?> DoublesOrNull() => Keep(new Column<double?>(NpgsqlDbType.Double));

    public Column<Guid> Uuids() => Keep(new Column<Guid>(NpgsqlDbType.Uuid));

    public Column<Guid?> UuidsOrNull() => Keep(new Column<Guid?>(NpgsqlDbType.Uuid));

    public Column<string?> Texts() => Keep(new Column<string?>(NpgsqlDbType.Text));

    public Column<ReadOnlyMemory<byte>> Bytes() => Keep(new Column<ReadOnlyMemory<byte>>(NpgsqlDbType.Bytea));

    /// <summary>A parameter that is one value.</summary>
    public NpgsqlParameter<T> One<T>(NpgsqlDbType type, T value = default)
        where T : struct
    {
        var parameter = new NpgsqlParameter<T> { NpgsqlDbType = type, TypedValue = value };
        _parameters.Add(parameter);
        return parameter;
    }

    /// <summary>Empties the columns.</summary>
    public void Clear()
    {
        foreach (var column in _columns)
            column.Clear();
    }

    private TColumn Keep<TColumn>(TColumn column)
        where TColumn : Column
    {
        _columns.Add(column);
        _parameters.Add(column.Parameter);
        return column;
    }
}
