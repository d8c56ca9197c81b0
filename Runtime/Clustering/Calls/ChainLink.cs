using EsoCore.Runtime.CodeGeneration;
using EsoCore.Runtime.Serialization;

namespace EsoCore.Runtime.Clustering;

/// <summary>
/// One request of the chain that led to a call, as it crosses: enough for an error to name it, and for its own silo to know it again.
/// </summary>
/// <param name="Grain">The grain that serves it.</param>
/// <param name="Method">Its method, for people.</param>
/// <param name="Mark">What its own process tells it by.</param>
/// <param name="IsOneWay">Whether nobody waits for it, so that no circle leads through it.</param>
internal readonly record struct ChainLink(GrainId Grain, string Method, int Mark, bool IsOneWay)
{
    private const uint LinkId = 0, GrainIdId = 0, MethodId = 1, MarkId = 2, OneWayId = 3;

    /// <summary>The request as an error names it.</summary>
    public override string ToString() => $"{Grain}.{Method}";

    /// <summary>Writes the callers of a request, innermost first, as far back as an error would name them.</summary>
    public static void WriteCallers(ref MessageWriter writer, uint id, GrainRequest request)
    {
        if (request.Caller is null || request.Caller is IncomingCall { Chain.Length: 0 }) return;
        writer.BeginGroup(id);
        int left = GrainRequest.MaxDescribed;
        for (GrainRequest? caller = request.Caller; caller is { Finished: false } && left > 0; caller = caller.Caller)
        {
            if (caller is IncomingCall incoming)
            {
                foreach (ChainLink link in incoming.Chain.Take(left)) link.Write(ref writer);
                break;
            }

            if (caller.Target is not { } target) continue;
            left--;
            new ChainLink(target.GrainId, caller.Method.Name, caller.Mark, caller.IsOneWay).Write(ref writer);
        }

        writer.EndGroup();
    }

    /// <summary>Reads what <see cref="WriteCallers"/> wrote.</summary>
    public static ChainLink[] ReadCallers(ref MessageReader reader, WireType group)
    {
        reader.BeginGroup(group);
        List<ChainLink> links = [];
        while (reader.NextField(out uint id, out WireType type))
        {
            if (id == LinkId && links.Count < GrainRequest.MaxDescribed) links.Add(Read(ref reader, type));
            else reader.Skip(type);
        }

        return [.. links];
    }

    private void Write(ref MessageWriter writer)
    {
        writer.BeginGroup(LinkId);
        Codecs<GrainId>.Instance.Write(ref writer, GrainIdId, Grain);
        writer.WriteText(MethodId, Method);
        writer.WriteFixed32(MarkId, (uint)Mark);
        if (IsOneWay) writer.WriteVarint(OneWayId, 1);
        writer.EndGroup();
    }

    private static ChainLink Read(ref MessageReader reader, WireType group)
    {
        reader.BeginGroup(group);
        GrainId grain = default;
        string method = "";
        int mark = 0;
        bool oneWay = false;
        while (reader.NextField(out uint id, out WireType type))
        {
            switch (id)
            {
                case GrainIdId: grain = Codecs<GrainId>.Instance.Read(ref reader, type); break;
                case MethodId: method = reader.ReadText(type); break;
                case MarkId: mark = (int)reader.ReadFixed32(type); break;
                case OneWayId: oneWay = reader.ReadVarint(type) != 0; break;
                default: reader.Skip(type); break;
            }
        }

        return new ChainLink(grain, method, mark, oneWay);
    }
}
