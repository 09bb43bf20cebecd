package api

import (
	"bytes"
	"context"

	"creditbank/api/contract"
)

// GetCheckpoint implements [contract.StrictServerInterface].
func (s *Server) GetCheckpoint(ctx context.Context, _ contract.GetCheckpointRequestObject) (contract.GetCheckpointResponseObject, error) {
	checkpoint, err := s.c.Office.LogFile(ctx, "checkpoint")
	if err != nil {
		return nil, err
	}
	return contract.GetCheckpoint200TextResponse{
		Body: string(checkpoint), Headers: contract.GetCheckpoint200ResponseHeaders{CacheControl: "public, max-age=5"},
	}, nil
}

// GetTile implements [contract.StrictServerInterface]. A tile never changes, so
// that anybody between may keep it.
func (s *Server) GetTile(ctx context.Context, r contract.GetTileRequestObject) (contract.GetTileResponseObject, error) {
	tile, err := s.c.Office.LogFile(ctx, "tile/"+r.Tile)
	if err != nil {
		return nil, err
	}
	return contract.GetTile200ApplicationoctetStreamResponse{
		Body: bytes.NewReader(tile), ContentLength: int64(len(tile)), Headers: contract.GetTile200ResponseHeaders{CacheControl: "public, max-age=31536000, immutable"},
	}, nil
}
