using Npgsql;
using NpgsqlTypes;

namespace EsoCore.Silo.Storage.PostgreSql;

/// <summary>Adds the parameters of a statement, in order, each with its type, so that a null has one as well.</summary>
internal readonly struct Args(NpgsqlParameterCollection parameters)
{
    public Args Add(long value) => Typed(value, NpgsqlDbType.Bigint);

    public Args Add(int value) => Typed(value, NpgsqlDbType.Integer);

    public Args Add(bool value) => Typed(value, NpgsqlDbType.Boolean);

    public Args Add(double value) => Typed(value, NpgsqlDbType.Double);

    public Args Add(Guid value) => Typed(value, NpgsqlDbType.Uuid);

    public Args Add(DateTimeOffset value) => Add(Micros.From(value));

    public Args Add(UInt128 hash) => Add(BodyHashes.ToUuid(hash));

    public Args Add(ReadOnlyMemory<byte> value) => Typed(value, NpgsqlDbType.Bytea);

    public Args Add(long? value) => Nullable(value, NpgsqlDbType.Bigint);

    public Args Add(int? value) => Nullable(value, NpgsqlDbType.Integer);

    public Args Add(Guid? value) => Nullable(value, NpgsqlDbType.Uuid);

    public Args Add(string? value) => Nullable(value, NpgsqlDbType.Text);

    public Args Add(List<long> values) => Typed(values, NpgsqlDbType.Array | NpgsqlDbType.Bigint);

    public Args Add(List<int> values) => Typed(values, NpgsqlDbType.Array | NpgsqlDbType.Integer);

    public Args Add(List<double> values) => Typed(values, NpgsqlDbType.Array | NpgsqlDbType.Double);

    public Args Add(List<Guid> values) => Typed(values, NpgsqlDbType.Array | NpgsqlDbType.Uuid);

    public Args Add(List<string?> values) => Typed(values, NpgsqlDbType.Array | NpgsqlDbType.Text);

    public Args Add(List<Guid?> values) => Typed(values, NpgsqlDbType.Array | NpgsqlDbType.Uuid);

    public Args Add(List<ReadOnlyMemory<byte>> values) => Typed(values, NpgsqlDbType.Array | NpgsqlDbType.Bytea);

    private Args Typed<T>(T value, NpgsqlDbType type)
    {
        parameters.Add(new NpgsqlParameter<T> { TypedValue = value, NpgsqlDbType = type });
        return this;
    }

    private Args Nullable<T>(T value, NpgsqlDbType type)
    {
        parameters.Add(new NpgsqlParameter { Value = value is null ? DBNull.Value : value, NpgsqlDbType = type });
        return this;
    }
}

/// <summary>Hashes of bodies, 128 bits, are stored as uuids: 16 bytes that order as the number does.</summary>
internal static class BodyHashes
{
    public static Guid ToUuid(UInt128 hash)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, hash);
        return new Guid(bytes, bigEndian: true);
    }

    public static UInt128 FromUuid(Guid uuid)
    {
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
